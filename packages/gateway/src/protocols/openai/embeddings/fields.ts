import type { FieldTable } from "../field-table.ts";

/** Every parameter of embeddings, and what becomes of it where the embedding port is asked. */
export const EMBEDDING_FIELDS: FieldTable = {
  model: { fate: "used", note: "the route" },
  input: { fate: "expressed", note: "one text or many; token ids pass through only" },
  dimensions: { fate: "expressed", note: "length of the vectors" },
  encoding_format: { fate: "used", note: "numbers, or their 32-bit floats in base64" },
  user: { fate: "used", note: "a label in the ledger; a hint to OpenAI" },
};
