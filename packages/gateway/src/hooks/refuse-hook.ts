import type { RefuseConfig } from "./hook-config.ts";
import type { Hook } from "./hook.ts";
import { toPhases } from "./mask-hook.ts";
import { WordSearch } from "./word-search.ts";

/** Below this a text is searched whatever it looks like. */
const MIN_PAYLOAD = 1024;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Refuses what holds one of its words in any of its texts. Never says which word, nor where. */
export function createRefuseHook(name: string, config: RefuseConfig): Hook {
  const search = new WordSearch(config.words, config.match);
  return {
    name,
    phases: toPhases(config.on),
    buffer: config.buffer,
    observes: false,
    run: (_phase, value) =>
      someText(value, (text) => search.found(text))
        ? { action: "refuse", reason: config.reason }
        : { action: "allow" },
  };
}

/** Every string value, without recursion; keys are not texts. */
function someText(value: unknown, test: (text: string) => boolean): boolean {
  const stack = [value];
  while (stack.length > 0) {
    const next = stack.pop();
    if (typeof next === "string") {
      if (!isPayload(next) && test(next)) return true;
    } else if (typeof next === "object" && next !== null) {
      for (const inner of Object.values(next)) stack.push(inner);
    }
  }
  return false;
}

/** An image, a recording or a file: long, and base64 from end to end, so that no language is in it. */
function isPayload(text: string): boolean {
  if (text.length < MIN_PAYLOAD) return false;
  const start = text.startsWith("data:") ? text.indexOf(",", 0) + 1 : 0;
  return start < 200 && BASE64.test(start === 0 ? text : text.slice(start));
}
