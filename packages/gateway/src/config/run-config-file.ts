// Runs a configuration file in a process of its own: what it does wrong, hanging included, happens there.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { HomegrownError } from "@homegrown/contracts";
import { formatPath } from "./config-issues.ts";
import { parseReport } from "./config-report.ts";
import type { ConfigReport } from "./config-report.ts";

const CHILD = fileURLToPath(new URL("./config-child.ts", import.meta.url));
const MAX_MESSAGE = 500;
const LAST_BYTES_MS = 500;

export interface RunOptions {
  timeoutMs: number;
  maxBytes: number;
}

interface Ended {
  how: "exit" | "timeout" | "too-large";
  result: string;
  stderr: string;
}

/**
 * What the file exports, as JSON would carry it. Throws `gateway/config-` and one of `syntax`, `threw`,
 * `timeout`, `too-large`, `no-export`, `not-plain`.
 */
export async function runConfigFile(path: string, options: RunOptions): Promise<unknown> {
  // Options for the gateway's own process (a debugger's port, say) are not for this one.
  const { NODE_OPTIONS: _, ...environment } = process.env;
  // Stripping types takes most of the time; where the gateway keeps what it compiled, this process may as well.
  const cache = getCompileCacheDir();
  const child = spawn(process.execPath, [CHILD, path], {
    cwd: dirname(path),
    env: { ...environment, ...(cache !== undefined && { NODE_COMPILE_CACHE: dirname(cache) }) },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    shell: false,
  });
  return toValue(path, await watch(child, options), options);
}

function watch(child: ChildProcess, { timeoutMs, maxBytes }: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let how: Ended["how"] = "exit";
    const stop = (why: Ended["how"]) => () => {
      how = why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(stop("timeout"), timeoutMs);
    const readResult = collect(child.stdio[3] as Readable, maxBytes, stop("too-large"));
    const readErrors = collect(child.stderr!, 64 * 1024, () => undefined);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    const finish = (): void => {
      clearTimeout(timer);
      for (const stream of child.stdio) stream?.destroy();
      resolve({ how, result: readResult(), stderr: readErrors() });
    };
    child.on("close", finish);
    // What the file started may hold the pipes open after its end.
    child.on("exit", () => setTimeout(finish, LAST_BYTES_MS).unref());
  });
}

function collect(stream: Readable, maxBytes: number, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let numBytes = 0;
  stream.on("error", () => undefined);
  stream.on("data", (chunk: Buffer) => {
    numBytes += chunk.length;
    if (numBytes <= maxBytes) chunks.push(chunk);
    else onTooMuch();
  });
  return () => Buffer.concat(chunks).toString();
}

function toValue(path: string, ended: Ended, { timeoutMs, maxBytes }: RunOptions): unknown {
  if (ended.how === "timeout") {
    const hint = "A configuration must come to an end by itself: look for an endless loop or a long await.";
    throw failed("timeout", `${path} was not read within ${timeoutMs} ms.`, hint);
  }
  if (ended.how === "too-large") {
    throw failed(
      "too-large",
      `${path} exports more than ${maxBytes} bytes.`,
      "Make the configuration smaller.",
    );
  }
  const report = parseReport(ended.result);
  if (report?.kind === "config") return report.value;
  throw toError(path, report, ended.stderr);
}

function toError(
  path: string,
  report: Exclude<ConfigReport, { kind: "config" }> | undefined,
  stderr: string,
): Error {
  switch (report?.kind) {
    case "no-export":
      return failed(
        "no-export",
        `${path} has no default export.`,
        "Write `export default defineConfig({ … })`, or export a constant named config.",
      );
    case "not-plain": {
      const place = report.path.length === 0 ? "its export" : formatPath(report.path);
      const hint = "A configuration holds plain values only: texts, numbers, lists and objects.";
      return failed("not-plain", `${path}: ${place} is ${report.found}.`, hint);
    }
    case "threw": {
      const { line, file = path } = findPlace(stderr);
      const place = line === undefined ? file : `${file}:${line}`;
      const message = report.message.split("\n")[0]!.slice(0, MAX_MESSAGE);
      const details = { file, ...(line !== undefined && { line }) };
      if (report.name === "SyntaxError") {
        return failed("syntax", `${place}: ${message}.`, "Correct the syntax of this line.", details);
      }
      const hint = "The file itself failed while it ran; correct it there.";
      return failed("threw", `${place}: ${report.name}: ${message}`, hint, details);
    }
    case undefined: {
      const hint = "Remove what ends the process (process.exit) from the file.";
      return failed("threw", `${path} ended before it had exported anything.`, hint);
    }
  }
}

/** Node prints the place of what ended a process first, or in the first line of the stack. */
function findPlace(stderr: string): { file?: string; line?: number } {
  for (const text of stderr.split("\n", 200)) {
    const match = /^(?:\s+at .*?\(?)?(file:\/\/\/\S+|\/\S.*?|[A-Za-z]:\\.*?):(\d+)(?::\d+\)?)?$/.exec(text);
    if (match === null) continue;
    const file = match[1]!.startsWith("file:") ? fileURLToPath(match[1]!) : match[1]!;
    if (file !== CHILD) return { file, line: Number(match[2]) };
  }
  return {};
}

function failed(
  what: string,
  message: string,
  hint: string,
  details: Record<string, unknown> = {},
): HomegrownError {
  return new HomegrownError({
    code: `gateway/config-${what}`,
    kind: "invalid-input",
    message,
    hint,
    details,
  });
}
