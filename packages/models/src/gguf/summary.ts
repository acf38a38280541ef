import type { GgufHeader } from "./header.ts";

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

export function summariseGguf(_header: GgufHeader): GgufSummary {
  throw new Error("being written");
}
