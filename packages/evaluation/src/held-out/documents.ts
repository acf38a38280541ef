// Held-out documents, read one at a time from a dataset's JSONL file. They come in the order of a salted
// hash of their id, so that the first k are a fair sample of all and the same on every run.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { HomegrownError } from "@homegrown/contracts";

export interface HeldOutDocument {
  id: string;
  /** NFC, as the tokenizer reads it; all measures count this text's UTF-8 bytes. */
  text: string;
}

export interface HeldOutText {
  /** Documents that the file holds, empty ones left out. */
  readonly numDocuments: number;
  /** Each document once, in hash order; may be called again. */
  read(): AsyncIterable<HeldOutDocument>;
}

interface Line {
  key: string;
  offset: number;
  length: number;
}

const MAX_LINE_BYTES = 64 * 2 ** 20;

/**
 * Opens `{"id","text"}` JSONL. Holds 24 bytes and a hash for each document, never the text.
 * @throws HomegrownError `evaluation/bad-held-out` for a line that is no such object, or an empty file
 */
export async function openHeldOut(file: string, salt = "homegrown"): Promise<HeldOutText> {
  const lines: Line[] = [];
  for await (const { bytes, offset } of readLines(file)) {
    const { id, text } = parseLine(file, bytes, lines.length + 1);
    if (text.length === 0) continue;
    const key = createHash("sha256").update(`${salt}\n${id}\n`).digest("hex").slice(0, 24);
    lines.push({ key, offset, length: bytes.length });
  }
  if (lines.length === 0) {
    throw new HomegrownError({
      code: "evaluation/bad-held-out",
      kind: "invalid-input",
      message: `${file} holds no held-out document with text`,
      hint: "Prepare the dataset with more documents or a larger held-out share.",
    });
  }
  lines.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.offset - b.offset));
  return { numDocuments: lines.length, read: () => readInOrder(file, lines) };
}

async function* readInOrder(file: string, lines: readonly Line[]): AsyncGenerator<HeldOutDocument> {
  const handle = await open(file, "r");
  try {
    for (const [index, { offset, length }] of lines.entries()) {
      const bytes = Buffer.alloc(length);
      await handle.read(bytes, 0, length, offset);
      yield parseLine(file, bytes, index + 1);
    }
  } finally {
    await handle.close();
  }
}

async function* readLines(file: string): AsyncGenerator<{ bytes: Buffer; offset: number }> {
  const handle = await open(file, "r");
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
      rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      let start = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
        if (end > start) yield { bytes: rest.subarray(start, end), offset: offset + start };
        start = end + 1;
      }
      rest = rest.subarray(start);
      offset += start;
      if (rest.length > MAX_LINE_BYTES) throw badLine(file, "a line is longer than 64 MiB");
    }
    if (rest.length > 0) yield { bytes: rest, offset };
  } finally {
    await handle.close();
  }
}

function parseLine(file: string, bytes: Buffer, lineNumber: number): HeldOutDocument {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw badLine(file, `document ${lineNumber} is not JSON`, cause);
  }
  const { id, text } = (value ?? {}) as Record<string, unknown>;
  if (typeof id !== "string" || typeof text !== "string") {
    throw badLine(file, `document ${lineNumber} is not {"id": string, "text": string}`);
  }
  return { id, text: text.normalize("NFC") };
}

function badLine(file: string, what: string, cause?: unknown): HomegrownError {
  return new HomegrownError({
    code: "evaluation/bad-held-out",
    kind: "corrupt",
    message: `${file}: ${what}`,
    hint: "Prepare the dataset again; its manifest names the file's hash.",
    cause,
  });
}
