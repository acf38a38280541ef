// Who made a temporary file or holds a lock. A process id alone is not enough: ids are reused, so the start
// time (and the boot it counts from) belongs to the identity, and so does the machine it was seen on.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export interface ProcessIdentity {
  pid: number;
  /** Machine and process-id namespace: ids of another one say nothing here. */
  host: string;
  /** Hash of boot and start time; empty where the system does not tell. */
  started: string;
}

let current: ProcessIdentity | undefined;

export function currentProcess(): ProcessIdentity {
  current ??= { pid: process.pid, host: thisHost(), started: startOf(process.pid) ?? "" };
  return current;
}

/** `unknown` when the identity comes from another machine or container, about which nothing can be said. */
export function processState(identity: ProcessIdentity): "alive" | "dead" | "unknown" {
  if (identity.host !== thisHost()) return "unknown";
  if (!exists(identity.pid)) return "dead";
  const started = startOf(identity.pid);
  if (started === undefined) return "dead";
  return started === identity.started || started === "" || identity.started === "" ? "alive" : "dead";
}

/** The identity as part of a file name: `<pid>-<host>-<started>`. */
export function toProcessToken(identity: ProcessIdentity): string {
  return `${identity.pid}-${identity.host}-${identity.started || "0"}`;
}

export function fromProcessToken(token: string): ProcessIdentity | undefined {
  const match = /^([1-9][0-9]*)-([0-9a-f]{8})-([0-9a-f]{8}|0)$/.exec(token);
  if (!match) return undefined;
  return { pid: Number(match[1]), host: match[2]!, started: match[3] === "0" ? "" : match[3]! };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

let host: string | undefined;
function thisHost(): string {
  host ??= shortHash(`${hostname()} ${pidNamespace()}`);
  return host;
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Undefined: no such process any more (or only its unreaped exit status is left). */
function startOf(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // The second field is the program's name in parentheses and may hold spaces: count from its end.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (fields[0] === "Z" || fields[0] === "X") return undefined;
      return shortHash(`${bootId()} ${fields[19]}`);
    } catch {
      return undefined;
    }
  }
  if (process.platform === "win32") return "";
  try {
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return started === "" ? undefined : shortHash(started);
  } catch {
    return undefined;
  }
}

let boot: string | undefined;
function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
