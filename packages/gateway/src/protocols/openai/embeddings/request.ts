// https://platform.openai.com/docs/api-reference/embeddings/create
import { z } from "zod";
import { boundInputTokens } from "../../../core/bounds.ts";
import type { ModelRequest } from "../../../core/model-request.ts";
import type { JsonBody } from "../../../server/json-body.ts";
import { toLabels } from "../labels.ts";
import { parseRequest } from "../parse-request.ts";
import { toJsonBody } from "../to-json-body.ts";
import { translateEmbedding } from "./translate.ts";

/** OpenAI's own limit on texts in one request. */
const MAX_INPUTS = 2048;

const tokenId = z.int().min(0).max(0xffff_ffff);
export const requestSchema = z.looseObject({
  model: z.string().min(1).max(256),
  input: z.union(
    [
      z.string(),
      z.array(z.string()).min(1).max(MAX_INPUTS),
      z.array(tokenId).min(1),
      z.array(z.array(tokenId).min(1)).min(1).max(MAX_INPUTS),
    ],
    {
      error: `expected a string, token ids, or up to ${MAX_INPUTS} of them, none of them empty`,
    },
  ),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.string().max(32).nullish(),
  user: z.string().nullish(),
});

export type EmbeddingBody = z.output<typeof requestSchema>;

const NEEDS = {
  tools: false,
  input: new Set(["text"] as const),
  structuredOutput: false,
  logProbabilities: false,
};

/** Throws `gateway/invalid-request`. */
export function parseEmbedding({ value, bytes }: JsonBody): ModelRequest {
  const body = parseRequest(requestSchema, value);
  return {
    dialect: "openai/embeddings",
    alias: body.model,
    stream: false,
    needs: NEEDS,
    maxInputTokens: boundInputTokens(bytes.raw.length, { numImages: 0, imageBytes: 0 }),
    // A vector is no text: there is nothing to cap.
    maxOutputTokens: 0,
    numChoices: 1,
    conversation: () => undefined,
    labels: toLabels(body),
    bytes,
    translate: () => translateEmbedding(body),
    body: value,
    reparse: (changed) => parseEmbedding(toJsonBody(changed)),
  };
}
