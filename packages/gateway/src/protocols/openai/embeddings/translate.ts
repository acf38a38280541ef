import type { EmbeddingModel } from "@homegrown/contracts";
import type { EmbeddingTranslation, PortContext } from "../../../core/model-request.ts";
import { runBounded } from "../../../core/translation/interleave.ts";
import { modelFailed } from "../../../core/model-failed.ts";
import { NO_USAGE } from "../../../core/token-usage.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { sortOutFields } from "../field-table.ts";
import { invalidRequest } from "../invalid-request.ts";
import { EMBEDDING_FIELDS } from "./fields.ts";
import { renderEmbeddings } from "./render.ts";
import type { EmbeddingBody } from "./request.ts";

/** Four bytes a token is the usual rule of thumb, for models that do not count. */
const BYTES_PER_TOKEN = 4;

/** The request over the embedding port. Throws `gateway/invalid-request` for token ids. */
export function translateEmbedding(body: EmbeddingBody): EmbeddingTranslation {
  const dropped = sortOutFields(EMBEDDING_FIELDS, body);
  const texts = toTexts(body.input);
  const format = body.encoding_format ?? "float";
  if (format !== "float" && format !== "base64") {
    throw invalidRequest(
      "encoding_format",
      "unsupported",
      "'encoding_format' is neither 'float' nor 'base64'.",
      "Use one of these two.",
    );
  }
  return {
    port: "embedding",
    dropped,
    run: (model, context) => ({
      kind: "whole",
      answer: embed(model, texts, body, context).then(({ vectors, usage }) => ({
        body: renderEmbeddings(context.head.model, vectors, usage, format),
        usage,
      })),
    }),
  };
}

function toTexts(input: EmbeddingBody["input"]): string[] {
  if (typeof input === "string") return [input];
  if (typeof input[0] === "string") return input as string[];
  throw invalidRequest(
    "input",
    "unsupported",
    "'input' holds token ids; the models behind this name take text only.",
    "Send the text itself.",
  );
}

/** As many calls as the model's own limit demands, in the texts' order. */
async function embed(
  model: EmbeddingModel,
  texts: readonly string[],
  { dimensions, user }: EmbeddingBody,
  { signal, parallelChoices }: PortContext,
): Promise<{ vectors: readonly number[][]; usage: TokenUsage }> {
  const perCall = Math.max(1, Math.min((await model.maxEmbeddingsPerCall) ?? texts.length, texts.length));
  const numCalls = Math.ceil(texts.length / perCall);
  const parallel = (await model.supportsParallelCalls) ? parallelChoices : 1;
  const results = await runBounded(numCalls, { signal, parallel }, async (call, abortSignal) => {
    const values = texts.slice(call * perCall, (call + 1) * perCall);
    const result = await model.doEmbed({
      values,
      abortSignal,
      ...(dimensions ? { dimensions } : {}),
      ...(user ? { providerOptions: { openai: { user } } } : {}),
    });
    if (result.embeddings.length !== values.length) {
      throw modelFailed(`The model gave ${result.embeddings.length} vectors for ${values.length} texts.`);
    }
    return { vectors: result.embeddings, tokens: result.usage?.tokens };
  });
  const vectors = results.flatMap((result) => result.vectors);
  if (!vectors.every((vector) => vector.every(Number.isFinite))) {
    throw modelFailed("The model gave a vector that holds something else than finite numbers.");
  }
  return {
    vectors,
    usage: sumUsage(
      results.map(({ tokens }) => tokens),
      texts,
    ),
  };
}

function sumUsage(counts: readonly (number | undefined)[], texts: readonly string[]): TokenUsage {
  if (counts.every((count) => count !== undefined && Number.isFinite(count))) {
    return { ...NO_USAGE, input: counts.reduce<number>((sum, count) => sum + count!, 0) };
  }
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { ...NO_USAGE, input: Math.ceil(bytes / BYTES_PER_TOKEN), estimated: true };
}
