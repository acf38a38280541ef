// https://platform.openai.com/docs/api-reference/completions/create
import { z } from "zod";
import { boundInputTokens } from "../../../core/bounds.ts";
import type { ModelRequest } from "../../../core/model-request.ts";
import type { JsonBody } from "../../../server/json-body.ts";
import type { GatewayLimits } from "../../../server/limits.ts";
import { invalidRequest } from "../invalid-request.ts";
import { toLabels } from "../labels.ts";
import { parseRequest } from "../parse-request.ts";
import { samplingFields } from "../sampling-fields.ts";
import { toJsonBody } from "../to-json-body.ts";
import { DEFAULT_MAX_TOKENS, translateCompletion } from "./translate.ts";

const tokenId = z.int().min(0).max(0xffff_ffff);
export const requestSchema = z.looseObject({
  ...samplingFields,
  prompt: z.union(
    [
      z.string(),
      z.array(z.string()).min(1),
      z.array(tokenId).min(1),
      z.array(z.array(tokenId).min(1)).min(1),
    ],
    { error: "expected a string, strings, token ids, or arrays of token ids, none of them empty" },
  ),
  max_tokens: z.int().min(0).nullish(),
  top_k: z.int().nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
  best_of: z.int().min(1).max(128).nullish(),
});

export type TextCompletionBody = z.output<typeof requestSchema>;

const NEEDS_TEXT: ReadonlySet<"text"> = new Set(["text"]);
const NO_IMAGES = { numImages: 0, imageBytes: 0 };

/** Throws `gateway/invalid-request`. */
export function parseTextCompletion(
  { value, bytes }: JsonBody,
  limits: Pick<GatewayLimits, "maxChoices">,
): ModelRequest {
  const body = parseRequest(requestSchema, value);
  const prompts = toPrompts(body.prompt);
  // A provider that makes `best_of` choices to show `n` of them bills them all.
  const numChoices = prompts.length * Math.max(body.n ?? 1, body.best_of ?? 1);
  if (numChoices > limits.maxChoices) {
    throw invalidRequest(
      "prompt",
      "value",
      `${prompts.length} prompts ask for ${numChoices} choices, more than the ${limits.maxChoices} that one request may ask for.`,
      "Send fewer prompts per request.",
    );
  }
  return {
    dialect: "openai/completions",
    alias: body.model,
    stream: body.stream ?? false,
    needs: {
      tools: false,
      input: NEEDS_TEXT,
      structuredOutput: false,
      logProbabilities: typeof body.logprobs === "number",
    },
    maxInputTokens: boundInputTokens(bytes.raw.length, NO_IMAGES),
    maxOutputTokens: body.max_tokens ?? DEFAULT_MAX_TOKENS,
    numChoices,
    conversation: () => undefined,
    labels: toLabels(body),
    bytes,
    translate: () => translateCompletion(body, prompts),
    body: value,
    reparse: (changed) => parseTextCompletion(toJsonBody(changed), limits),
  };
}

function toPrompts(prompt: TextCompletionBody["prompt"]): (string | number[])[] {
  if (typeof prompt === "string") return [prompt];
  if (typeof prompt[0] === "number") return [prompt as number[]];
  return prompt as string[] | number[][];
}
