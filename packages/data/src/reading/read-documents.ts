// Files → documents: a file is one, a line of JSONL is one, and a prose file past the size bound is several,
// cut at blank lines. At most one document and one chunk of a file are held at a time.
import { readFile } from "node:fs/promises";
import type { ReadLimits } from "../build-options.ts";
import type { FoundFile } from "../sources/corpus-source.ts";
import { isDocumentKind } from "../sources/document-kind.ts";
import type { StepCounter } from "../step-counter.ts";
import { decodeText } from "./decode-text.ts";
import { UnreadableFile, fileChunks, reasonOf } from "./file-chunks.ts";
import { splitLines } from "./lines.ts";
import type { RawDocument } from "./raw-document.ts";
import { splitParts } from "./parts.ts";

/** Every document of `file`; those that cannot be read are counted in `step`. */
export async function* readDocuments(
  file: FoundFile,
  limits: ReadLimits,
  step: StepCounter,
): AsyncGenerator<RawDocument> {
  try {
    if (file.lines) yield* readLines(file, limits, step);
    else if (file.gzip || file.bytes > limits.maxDocumentBytes) yield* readParts(file, limits, step);
    else yield* emit(file, file.id, await readWhole(file.path), step);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    step.enter(file.bytes);
    step.drop(error.reason, file.bytes);
  }
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UnreadableFile(reasonOf(error), error);
  }
}

async function* readParts(
  file: FoundFile,
  limits: ReadLimits,
  step: StepCounter,
): AsyncGenerator<RawDocument> {
  const cuttable = file.kind === "prose" || file.kind === "markdown";
  let number = 0;
  for await (const part of splitParts(fileChunks(file, limits), limits.maxDocumentBytes)) {
    if (part.last && number === 0) yield* emit(file, file.id, part.bytes, step);
    else if (cuttable) yield* emit(file, `${file.id}#${number + 1}`, part.bytes, step);
    else throw new UnreadableFile(`code file of more than ${limits.maxDocumentBytes} bytes`);
    number++;
  }
}

async function* readLines(
  file: FoundFile,
  limits: ReadLimits,
  step: StepCounter,
): AsyncGenerator<RawDocument> {
  let number = 0;
  for await (const line of splitLines(fileChunks(file, limits), limits.maxLineBytes)) {
    number++;
    if (line !== undefined && line.length === 0) continue;
    const bytes = line?.length ?? limits.maxLineBytes;
    const parsed = line === undefined ? { reason: `line of more than ${bytes} bytes` } : parseLine(line);
    if ("reason" in parsed) {
      step.enter(bytes);
      step.drop(parsed.reason, bytes);
      continue;
    }
    const size = Buffer.byteLength(parsed.text);
    step.enter(size);
    step.keep(size);
    yield {
      id: `${file.id}#${number}`,
      kind: isDocumentKind(parsed.kind) ? parsed.kind : file.kind,
      origin: file.origin,
      text: parsed.text,
      bytes: size,
    };
  }
}

function parseLine(line: Buffer): { text: string; kind: unknown } | { reason: string } {
  const decoded = decodeText(line);
  if ("reason" in decoded) return decoded;
  let value: unknown;
  try {
    value = JSON.parse(decoded.text);
  } catch {
    return { reason: "line is no JSON" };
  }
  const { text, kind } = (value ?? {}) as { text?: unknown; kind?: unknown };
  return typeof text === "string"
    ? { text: text.toWellFormed(), kind }
    : { reason: 'line has no string "text"' };
}

function* emit(file: FoundFile, id: string, bytes: Buffer, step: StepCounter): Generator<RawDocument> {
  step.enter(bytes.length);
  const decoded = decodeText(bytes);
  if ("reason" in decoded) {
    step.drop(decoded.reason, bytes.length);
    return;
  }
  step.keep(bytes.length);
  yield { id, kind: file.kind, origin: file.origin, text: decoded.text, bytes: bytes.length };
}
