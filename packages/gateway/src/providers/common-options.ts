// Options that clients of different protocols ask for under different names, and that the chat port keeps in
// `providerOptions`: found here whichever front wrote them, and said again in the provider's own words.
import type { ChatCall, ChatOptionsExtension } from "@homegrown/contracts";
import { UpstreamError } from "../core/upstream-errors.ts";
import { withoutEmptyTexts } from "./empty-texts.ts";
import type { CommonOptions, ProviderDefinition } from "./provider-kind.ts";

/**
 * The call as this kind of provider takes it; `tokens` tells whether log-probabilities are wanted, `lost` names what
 * the client asked for and the provider has no word for.
 */
export function adaptCall(
  asked: ChatCall,
  definition: Pick<ProviderDefinition, "kind" | "options" | "logProbabilities">,
  target: string,
): { call: ChatCall; tokens: boolean; lost: readonly string[] } {
  const prompt = withoutEmptyTexts(asked.prompt);
  const call = prompt === asked.prompt ? asked : { ...asked, prompt };
  const given = call.providerOptions;
  if (given === undefined && call.topK === undefined) return { call, tokens: false, lost: [] };
  const common: CommonOptions = {};
  if (call.topK !== undefined) common.topK = call.topK;
  const own = given?.["homegrown"] as ChatOptionsExtension | undefined;
  const tokens = own?.logProbabilities === true || own?.topLogProbabilities !== undefined;
  if (tokens) common.topLogProbabilities = own.topLogProbabilities ?? 0;
  if (own?.logitBias !== undefined) common.logitBias = own.logitBias;
  const strict = given?.["openai"]?.["strictJsonSchema"];
  if (typeof strict === "boolean") common.strictSchema = strict;
  const parallel = given?.["openai"]?.["parallelToolCalls"];
  const notParallel = given?.["anthropic"]?.["disableParallelToolUse"];
  if (typeof parallel === "boolean") common.parallelToolCalls = parallel;
  else if (typeof notParallel === "boolean") common.parallelToolCalls = !notParallel;

  if (tokens && !definition.logProbabilities) {
    throw new UpstreamError({
      fault: "rejected",
      target,
      message: "it does not tell log-probabilities of tokens",
    });
  }
  const added = definition.options?.(common);
  const lost = findLost(common, given, definition);
  if (added === undefined) return { call, tokens, lost };
  const providerOptions = { ...given };
  for (const key in added) providerOptions[key] = { ...added[key], ...given?.[key] };
  return { call: { ...call, providerOptions, ...(tokens && { includeRawChunks: true }) }, tokens, lost };
}

/** Kinds whose package reads the options of OpenAI's own. */
const TALK_AS_OPENAI: ReadonlySet<string> = new Set(["openai", "azure"]);

function findLost(
  common: CommonOptions,
  given: ChatCall["providerOptions"],
  { kind, options }: Pick<ProviderDefinition, "kind" | "options">,
): string[] {
  const lost: string[] = [];
  if (common.logitBias !== undefined) {
    const { logitBias: _, ...others } = common;
    const isSaid = JSON.stringify(options?.(common)) !== JSON.stringify(options?.(others));
    if (!isSaid) lost.push("logit_bias");
  }
  if (given?.["openai"]?.["textVerbosity"] !== undefined && !TALK_AS_OPENAI.has(kind)) lost.push("verbosity");
  return lost;
}
