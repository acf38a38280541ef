// The training text as documents again, from a dataset's packed tokens: datasets keep no second copy of
// the text, and byte-level tokens spell it exactly.
import { open } from "node:fs/promises";
import { join } from "node:path";
import { endianness } from "node:os";
import { HomegrownError, type DatasetManifest } from "@homegrown/contracts";

const CHUNK_BYTES = 1 << 20;

/**
 * Reads the train split of a `documents` dataset, in stored order.
 * @param options.maxBytes stop after this much text
 * @throws HomegrownError `evaluation/no-training-text` for a `pairs` dataset
 */
export async function* readTrainingTexts(
  folder: string,
  manifest: DatasetManifest,
  tokenizer: { tokenBytes(id: number): Uint8Array },
  options: { maxBytes?: number } = {},
): AsyncGenerator<string> {
  if (manifest.packing !== "documents") {
    throw new HomegrownError({
      code: "evaluation/no-training-text",
      kind: "invalid-input",
      message: `dataset '${manifest.name}' is packed as '${manifest.packing}', expected 'documents'`,
      hint: "Pass the dataset that the model was pretrained on.",
    });
  }
  let left = options.maxBytes ?? Infinity;
  let parts: Uint8Array[] = [];
  for (const shard of manifest.splits.train.shards) {
    for await (const ids of readIds(join(folder, shard.file), manifest.tokenBytes)) {
      for (const id of ids) {
        if (id !== manifest.tokenizer.endOfTextId) {
          parts.push(tokenizer.tokenBytes(id));
          continue;
        }
        const text = Buffer.concat(parts);
        parts = [];
        left -= text.length;
        if (text.length > 0) yield text.toString("utf8");
        if (left <= 0) return;
      }
    }
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString("utf8");
}

async function* readIds(file: string, tokenBytes: 2 | 4): AsyncGenerator<Uint16Array | Uint32Array> {
  const handle = await open(file, "r");
  try {
    for (;;) {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      const bytes = buffer.subarray(0, bytesRead);
      if (endianness() === "BE" && tokenBytes === 2) bytes.swap16();
      if (endianness() === "BE" && tokenBytes === 4) bytes.swap32();
      yield tokenBytes === 2
        ? new Uint16Array(buffer.buffer, buffer.byteOffset, bytesRead >> 1)
        : new Uint32Array(buffer.buffer, buffer.byteOffset, bytesRead >> 2);
    }
  } finally {
    await handle.close();
  }
}
