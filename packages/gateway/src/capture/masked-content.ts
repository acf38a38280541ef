// From bytes to what may be written: parsed, put together where the answer was a stream, freed of what cannot be
// read, masked. Request and answer are masked as one, so that a value has one token in both.
import type { Dialect } from "../core/dialect.ts";
import { assembleAnswer } from "../core/dialects/assemble-answer.ts";
import type { JsonMasker } from "../hooks/hook.ts";
import { toReadable } from "./readable-content.ts";

export interface RawContent {
  dialect: Dialect;
  streamed: boolean;
  /** JSON. */
  request: Uint8Array;
  /** What the client was sent: JSON, or events. */
  answer: Uint8Array;
}

/** JSON texts. */
export interface MaskedContent {
  request: string;
  answer: string;
  /** How many values of which kind were masked. */
  masked: string;
  /** By which a later Responses request may go on from this answer. */
  answerId: string | undefined;
}

/** Undefined where either is no JSON. Throws what JSON of too much depth makes of the stack. */
export function toMaskedContent(raw: RawContent, masker: JsonMasker): MaskedContent | undefined {
  const request = parse(raw.request);
  const answer = assembleAnswer(raw.dialect, raw.streamed, toBuffer(raw.answer));
  if (typeof request !== "object" || request === null) return undefined;
  if (typeof answer !== "object" || answer === null) return undefined;
  const { value, counts } = masker.maskJson({ request: toReadable(request), answer: toReadable(answer) });
  const kept = value as { request: unknown; answer: unknown };
  return {
    request: JSON.stringify(kept.request),
    answer: JSON.stringify(kept.answer),
    masked: JSON.stringify(counts),
    answerId: raw.dialect === "openai/responses" ? toId(answer) : undefined,
  };
}

function toId(answer: object): string | undefined {
  const { id } = answer as { id?: unknown };
  return typeof id === "string" && /^[\w.-]{1,128}$/.test(id) ? id : undefined;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(toBuffer(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}

function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
