import type { Delivery } from "../delivery.ts";

const DROPPED_HEADER = "x-homegrown-dropped";

/** Names what was left out, by the front's translation or by the provider's adapter, in the answer's head. */
export function nameDropped(delivery: Delivery, dropped: Iterable<string>): void {
  const words = [...dropped].map((name) => name.replace(/[^\w.:[\]-]+/g, "-").slice(0, 80));
  if (words.length > 0) delivery.annotate(DROPPED_HEADER, words.join(", "));
}
