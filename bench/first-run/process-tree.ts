// Memory of a process and everything it started, on Linux: the sum of proportional set sizes, so that pages
// which several processes share count once.
import { readFileSync, readdirSync } from "node:fs";

/** Largest sum seen; call `stop` for it. Samples every 200 ms. */
export function watchMemory(rootPid: number): { stop(): { peakBytes: number; peakLargestBytes: number } } {
  let peakBytes = 0;
  let peakLargestBytes = 0;
  const timer = setInterval(() => {
    const sizes = descendants(rootPid).map(proportionalBytes);
    peakBytes = Math.max(
      peakBytes,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    peakLargestBytes = Math.max(peakLargestBytes, ...sizes);
  }, 200);
  return {
    stop() {
      clearInterval(timer);
      return { peakBytes, peakLargestBytes };
    },
  };
}

function descendants(rootPid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const tree = new Set([rootPid]);
  for (let grew = true; grew;) {
    grew = false;
    for (const [pid, parent] of parents) {
      if (tree.has(parent) && !tree.has(pid)) {
        tree.add(pid);
        grew = true;
      }
    }
  }
  return [...tree];
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

function proportionalBytes(pid: number): number {
  try {
    return (
      Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1] ?? 0) * 1024
    );
  } catch {
    return 0;
  }
}
