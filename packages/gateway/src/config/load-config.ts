// Reads a configuration file, whatever form it has.
import { createHash } from "node:crypto";
import { access, readFile, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import { findJsonFault } from "../server/json-fault.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import { parseConfig } from "./parse-config.ts";
import { runConfigFile } from "./run-config-file.ts";

export interface LoadOptions {
  /** How long the file may run. Default 10 s. */
  timeoutMs?: number;
  /** Of the file, and of what it exports. Default 4 MiB. */
  maxBytes?: number;
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  /** Absolute. */
  readonly path: string;
  /** SHA-256 of the file when it was read. */
  readonly digest: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
/** In the order in which they are looked for. */
export const CONFIG_FILES = [
  "homegrown.config.ts",
  "homegrown.config.js",
  "homegrown.config.mjs",
  "homegrown.config.json",
] as const;
const EXTENSIONS: ReadonlySet<string> = new Set([".ts", ".mts", ".js", ".mjs"]);

/** The configuration file of a folder; undefined where there is none. */
export async function findConfig(folder: string): Promise<string | undefined> {
  for (const name of CONFIG_FILES) {
    const path = resolve(join(folder, name));
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
}

/** Throws errors with codes `gateway/config-…` that say where and what to do. */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = options;
  const path = resolve(file);
  const extension = extname(path);
  if (extension !== ".json" && !EXTENSIONS.has(extension)) throw unknownKind(path);
  const bytes = await readBounded(path, maxBytes);
  const value =
    extension === ".json" ? parseJson(path, bytes) : await runConfigFile(path, { timeoutMs, maxBytes });
  return { config: parseConfig(value, path), path, digest: digestOf(bytes) };
}

/** Undefined while the file cannot be read. */
export async function readDigest(path: string): Promise<string | undefined> {
  try {
    return digestOf(await readFile(path));
  } catch {
    return undefined;
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size <= maxBytes) return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw new HomegrownError({
    code: "gateway/config-too-large",
    kind: "invalid-input",
    message: `${path} has more than ${maxBytes} bytes.`,
    hint: "Make the configuration smaller.",
  });
}

function parseJson(path: string, bytes: Buffer): unknown {
  const text = bytes.toString();
  try {
    return JSON.parse(text);
  } catch {
    const { line, column, expected } = findJsonFault(text);
    throw new HomegrownError({
      code: "gateway/config-syntax",
      kind: "invalid-input",
      message: `${path}:${line}:${column}: not JSON; expected ${expected}.`,
      hint: "Correct the syntax of this line.",
      details: { file: path, line },
    });
  }
}

function unreadable(path: string, cause: unknown): HomegrownError {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
  const isMissing = code === "ENOENT";
  return new HomegrownError({
    code: isMissing ? "gateway/config-not-found" : "gateway/config-unreadable",
    kind: isMissing ? "not-found" : "invalid-input",
    message: isMissing ? `${path} does not exist.` : `${path} cannot be read (${code}).`,
    hint: isMissing ? `Make one of ${CONFIG_FILES.join(", ")}.` : "Check the file's permissions.",
    cause,
  });
}

function unknownKind(path: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/config-unreadable",
    kind: "invalid-input",
    message: `${path} is no configuration: expected a file that ends in .ts, .js, .mjs or .json.`,
    hint: `Use one of ${CONFIG_FILES.join(", ")}.`,
  });
}
