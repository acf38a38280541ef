// Which documents are held out: those of the lowest salted content hashes, so that the same text lands on the
// same side in every build, until they make up the wanted share of the bytes; less those that training nearly
// contains. By bytes and not by number, since what is measured on them is bits per byte.
import type { ProgressListener } from "@homegrown/contracts";
import { splitKey } from "../content-hash.ts";
import { heldOutLeaked, oneDocument } from "../corpus-errors.ts";
import type { RawDocument } from "../reading/raw-document.ts";
import type { StepCounter } from "../step-counter.ts";
import { LEAKED_SHARE, LeakageCheck } from "./leakage.ts";

export interface SplitOptions {
  fraction: number;
  salt: string;
  onProgress?: ProgressListener | undefined;
  signal?: AbortSignal | undefined;
}

export type Side = "train" | "heldOut" | "leaked";

export interface Split {
  /** By position in the order of reading. */
  sides: readonly Side[];
  /** The share of bytes that was aimed at, at last. */
  fraction: number;
  checked: number;
  leaked: number;
}

/** Past this share, holding out more to find a document that is no twin costs more training text than it tells. */
const MAX_FRACTION = 0.25;

/** A larger document than the held-out bytes over this is never held out: one giant would be most of them. */
const MIN_DOCUMENTS = 8;

/**
 * @param read one pass over the documents, always in the same order.
 * @throws `data/one-document` when there is nothing to split, `data/held-out-leaked` when every candidate is a
 * near twin of training text.
 */
export async function splitDocuments(
  read: () => AsyncIterable<RawDocument>,
  options: SplitOptions,
  step: StepCounter,
): Promise<Split> {
  const keys: number[] = [];
  const bytes: number[] = [];
  for await (const document of read()) {
    keys.push(splitKey(document.text, options.salt));
    bytes.push(document.bytes);
    options.signal?.throwIfAborted();
  }
  if (keys.length < 2) throw oneDocument();
  for (let fraction = options.fraction; ; fraction *= 2) {
    const candidates = chooseHeldOut(keys, bytes, fraction);
    const leaked = await findLeaked(read, candidates, options);
    if (leaked.size < candidates.size) {
      const sides = keys.map((_, i): Side =>
        leaked.has(i) ? "leaked" : candidates.has(i) ? "heldOut" : "train",
      );
      sides.forEach((side, i) => {
        step.enter(bytes[i]!);
        if (side === "leaked") step.drop("held out, but nearly contained in training", bytes[i]!);
        else step.keep(bytes[i]!);
      });
      return { sides, fraction, checked: candidates.size, leaked: leaked.size };
    }
    if (fraction * 2 > MAX_FRACTION) throw heldOutLeaked(candidates.size);
  }
}

/** Positions of the held-out documents: at least one, and never all. */
function chooseHeldOut(keys: readonly number[], bytes: readonly number[], fraction: number): Set<number> {
  const wanted = fraction * bytes.reduce((sum, size) => sum + size, 0);
  const ranked = [...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b);
  const moderate = ranked.filter((i) => bytes[i]! <= wanted / MIN_DOCUMENTS);
  const chosen = new Set<number>();
  let chosenBytes = 0;
  for (const i of moderate.length > 0 ? moderate : ranked) {
    if (chosen.size > 0 && (chosenBytes >= wanted || chosen.size === keys.length - 1)) break;
    chosen.add(i);
    chosenBytes += bytes[i]!;
  }
  return chosen;
}

async function findLeaked(
  read: () => AsyncIterable<RawDocument>,
  candidates: ReadonlySet<number>,
  { onProgress, signal }: SplitOptions,
): Promise<Set<number>> {
  const check = new LeakageCheck();
  await forEach(read(), (document, i) => {
    if (candidates.has(i)) check.addHeldOut(document.text);
  });
  await forEach(read(), (document, i) => {
    signal?.throwIfAborted();
    if (!candidates.has(i)) check.addTraining(document.text);
    if (i % 256 === 0) onProgress?.({ event: "data-leakage", done: i, unit: "documents" });
  });
  const leaked = new Set<number>();
  await forEach(read(), (document, i) => {
    if (candidates.has(i) && check.sharedWithTraining(document.text) > LEAKED_SHARE) leaked.add(i);
  });
  return leaked;
}

async function forEach(
  documents: AsyncIterable<RawDocument>,
  visit: (document: RawDocument, position: number) => void,
): Promise<void> {
  let position = 0;
  for await (const document of documents) visit(document, position++);
}
