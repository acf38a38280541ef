import type { GgufHeader, GgufValue } from "./header.ts";

/** What a person wants to know of a GGUF file; absent where the file does not say. */
export interface GgufSummary {
  architecture: string;
  name?: string;
  license?: string;
  numParameters: number;
  contextLength?: number;
  vocabSize?: number;
  /** Type of most of the bytes. */
  weightType: string;
  hasChatTemplate: boolean;
}

/** Reads the header only; absent or mistyped entries are left out. */
export function summariseGguf(header: GgufHeader): GgufSummary {
  const { metadata, tensors } = header;
  const architecture = text(metadata.get("general.architecture")) ?? "unknown";
  const name = text(metadata.get("general.name"));
  const license = text(metadata.get("general.license"));
  const contextLength = number(metadata.get(`${architecture}.context_length`));
  const tokens = metadata.get("tokenizer.ggml.tokens");
  return {
    architecture,
    ...(name === undefined ? {} : { name }),
    ...(license === undefined ? {} : { license }),
    numParameters: tensors.reduce((sum, { numElements }) => sum + numElements, 0),
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(Array.isArray(tokens) ? { vocabSize: tokens.length } : {}),
    weightType: mostBytes(header),
    hasChatTemplate: text(metadata.get("tokenizer.chat_template")) !== undefined,
  };
}

function mostBytes({ tensors }: GgufHeader): string {
  const bytes = new Map<string, number>();
  for (const { type, numBytes } of tensors) bytes.set(type, (bytes.get(type) ?? 0) + numBytes);
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "none";
}

function text(value: GgufValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: GgufValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
