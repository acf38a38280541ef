// Routing knows an upper bound of a prompt's tokens only (`core/bounds.ts`: one token a byte). Taken at its
// word it would keep a prompt of 200 KB from a model of 128k tokens that it fits four times over, so routing
// works with an estimate, and refuses only what cannot fit.
import type { Capabilities } from "../core/target.ts";
import type { RouteQuestion } from "./route-question.ts";

/** Bytes of JSON around it included, prose and code of common languages lie at 3 to 5 bytes a token. */
const USUAL_BYTES_PER_TOKEN = 4;
/** No tokenizer in use gets above this on a text worth asking about. */
const MOST_BYTES_PER_TOKEN = 16;

type Length = Pick<RouteQuestion, "maxInputTokens" | "maxOutputTokens" | "needs">;

export function estimateInputTokens({ maxInputTokens }: Pick<RouteQuestion, "maxInputTokens">): number {
  return Math.ceil(maxInputTokens / USUAL_BYTES_PER_TOKEN);
}

/**
 * `no`: the target would refuse it. `unlikely`: it may, so others go first. Only text is ever refused here: what
 * images and files count for differs too much between providers.
 */
export function fitsLength(capabilities: Capabilities, question: Length): "yes" | "unlikely" | "no" {
  const { contextTokens, maxOutputTokens } = capabilities;
  const output = question.maxOutputTokens ?? 0;
  if (maxOutputTokens !== undefined && output > maxOutputTokens) return "unlikely";
  if (contextTokens === undefined) return "yes";
  if (estimateInputTokens(question) + output <= contextTokens) return "yes";
  const onlyText = question.needs.input.size === (question.needs.input.has("text") ? 1 : 0);
  const least = question.maxInputTokens / MOST_BYTES_PER_TOKEN;
  return onlyText && least > contextTokens ? "no" : "unlikely";
}
