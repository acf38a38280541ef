// Writes a model as Hugging Face's layout, which transformers 5, vLLM, llama.cpp's converter and others open.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { TokenizerJson } from "@homegrown/contracts";
import { parameterSpecs } from "../decoder/parameters.ts";
import type { ExportedModel, SpecialTokens } from "../weights/model-weights.ts";
import { writeStreamed } from "../weights/streamed-output.ts";
import { specialId, toVocabulary } from "../weights/vocabulary.ts";
import { toConfigJson } from "./config-json.ts";
import { FILES } from "./files.ts";
import { writeSafetensors } from "./safetensors.ts";
import type { SafetensorsType } from "./safetensors.ts";

export interface HuggingFaceModel extends ExportedModel {
  /** Stored precision of all tensors; default F32, which round-trips exactly. */
  weightType?: SafetensorsType;
}

/**
 * Fills `folder` (created when missing; none of the files may exist) and makes each file durable. The
 * caller publishes the folder as a whole. Throws `models/malformed-file` for a tokenizer that does not
 * fit the configuration, `models/missing-parameter`, `models/wrong-parameter-size`,
 * `models/weight-out-of-range`, `models/write-failed`.
 */
export async function writeHuggingFace(folder: string, model: HuggingFaceModel): Promise<void> {
  const { config, parameters, tokenizerJson, chatTemplate, specialTokens, weightType = "F32" } = model;
  const vocabulary = toVocabulary(tokenizerJson, config.vocabSize, FILES.tokenizer);
  const ids = {
    endOfText: specialId(vocabulary, specialTokens.endOfText, FILES.tokenizer),
    endOfTurn: specialId(vocabulary, specialTokens.endOfTurn, FILES.tokenizer),
  };
  await mkdir(folder, { recursive: true });
  const write = (name: string, text: string): Promise<void> =>
    writeStreamed(join(folder, name), (output) => output.write(Buffer.from(text)));
  await write(FILES.config, toText(toConfigJson(config, ids, weightType)));
  await write(
    FILES.generation,
    toText({ eos_token_id: [ids.endOfTurn, ids.endOfText], pad_token_id: ids.endOfText }),
  );
  await write(FILES.tokenizer, `${JSON.stringify(tokenizerJson, undefined, 1)}\n`);
  await write(
    FILES.tokenizerConfig,
    toText(toTokenizerConfigJson(tokenizerJson, specialTokens, config.maxPositionEmbeddings)),
  );
  await write(FILES.chatTemplate, chatTemplate);
  await writeSafetensors(join(folder, FILES.weights), parameterSpecs(config), parameters, weightType);
}

/** The chat template is left out: it has its own file, which transformers prefers, and one truth is enough. */
function toTokenizerConfigJson(
  json: TokenizerJson,
  specialTokens: SpecialTokens,
  modelMaxLength: number,
): Record<string, unknown> {
  return {
    add_bos_token: false,
    add_prefix_space: false,
    added_tokens_decoder: Object.fromEntries(
      json.added_tokens.map(({ id, content, special }) => [
        String(id),
        { content, lstrip: false, normalized: false, rstrip: false, single_word: false, special },
      ]),
    ),
    bos_token: null,
    clean_up_tokenization_spaces: false,
    eos_token: specialTokens.endOfTurn,
    errors: "replace",
    model_max_length: modelMaxLength,
    pad_token: specialTokens.endOfText,
    split_special_tokens: false,
    tokenizer_class: "Qwen2Tokenizer",
    unk_token: null,
  };
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
