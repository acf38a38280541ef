// What a process and everything it started has used, from outside, on Linux: other load on the machine does not
// blur it as it blurs time.
import { readFileSync, readdirSync } from "node:fs";

const MICROSECONDS_PER_TICK = 10_000;

/** The process and its descendants. */
export function processTree(pid: number): number[] {
  const pids = [pid];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").trim();
      for (const child of children.split(" ").filter(Boolean)) pids.push(...processTree(Number(child)));
    }
  } catch {
    // It has ended.
  }
  return [...new Set(pids)];
}

/** User and system time so far, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  return processTree(pid).reduce((sum, one) => {
    const stat = read(`/proc/${one}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MICROSECONDS_PER_TICK;
  }, 0);
}

export function residentMegabytes(pid: number): number {
  return processTree(pid).reduce(
    (sum, one) => sum + Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${one}/status`))?.[1] ?? 0) / 1024,
    0,
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
