// A bounded corpus out of many packages: each may give up to the same number of bytes, as large as the bound
// lets it be (max-min fairness), so that one giant package does not drown the rest.
import { sha256 } from "@homegrown/storage";
import type { StepCounter } from "../step-counter.ts";
import type { FoundFile } from "./corpus-source.ts";

/** At most `maxBytes` of `files`, in their order. Inside a package, files are chosen by the hash of their id. */
export function shareOut(files: readonly FoundFile[], maxBytes: number, step: StepCounter): FoundFile[] {
  const byPackage = Map.groupBy(files, (file) => file.origin.name);
  const cap = largestCap(
    [...byPackage.values()].map((group) => group.reduce((sum, file) => sum + file.bytes, 0)),
    maxBytes,
  );
  const chosen = new Set<FoundFile>();
  for (const group of byPackage.values()) {
    let left = cap;
    const ranked = group.map((file) => ({ file, rank: sha256(file.id) }));
    for (const { file } of ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))) {
      if (file.bytes > left) continue;
      left -= file.bytes;
      chosen.add(file);
    }
  }
  return files.filter((file) => {
    if (chosen.has(file)) return true;
    step.drop("over the package's share of the byte bound", file.bytes);
    return false;
  });
}

/** The largest c with Σ min(size, c) ≤ total. */
function largestCap(sizes: readonly number[], total: number): number {
  let left = total;
  const ascending = [...sizes].sort((a, b) => a - b);
  for (const [i, size] of ascending.entries()) {
    const equal = Math.floor(left / (ascending.length - i));
    if (size > equal) return equal;
    left -= size;
  }
  return Infinity;
}
