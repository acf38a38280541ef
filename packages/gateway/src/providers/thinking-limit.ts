// A client's limit on its answer holds for thinking, too, and budgets reserve by it. The Anthropic package adds the
// thinking's budget on top of the limit, so here the limit is lowered, or the budget fitted in.
import type { ChatCall } from "@homegrown/contracts";

/** Anthropic's least budget for thinking. */
const LEAST_BUDGET = 1024;
/** Of the whole limit, for levels of effort; what is left is for the answer. */
const SHARE: Readonly<Record<string, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.4,
  high: 0.6,
  xhigh: 0.8,
};

/**
 * The call with limit and budget together no larger than the client's limit. `adapts`: the model decides for itself
 * how much it thinks, within the limit. `dropped`: there is no room to think in.
 */
export function limitThinking(call: ChatCall, adapts: boolean): { call: ChatCall; dropped: boolean } {
  const { maxOutputTokens, reasoning, providerOptions } = call;
  if (maxOutputTokens === undefined) return { call, dropped: false };
  const thinking = providerOptions?.["anthropic"]?.["thinking"] as
    | { type?: unknown; budgetTokens?: unknown }
    | undefined;
  if (thinking !== undefined) {
    const { type, budgetTokens } = thinking;
    const isBudget = type === "enabled" && typeof budgetTokens === "number" && budgetTokens < maxOutputTokens;
    return {
      call: isBudget ? { ...call, maxOutputTokens: maxOutputTokens - budgetTokens } : call,
      dropped: false,
    };
  }
  const share = reasoning === undefined ? undefined : SHARE[reasoning];
  if (adapts || share === undefined) return { call, dropped: false };
  const { reasoning: _, ...rest } = call;
  if (maxOutputTokens < 2 * LEAST_BUDGET) return { call: rest, dropped: true };
  const budgetTokens = Math.max(LEAST_BUDGET, Math.floor(maxOutputTokens * share));
  const anthropic = { ...providerOptions?.["anthropic"], thinking: { type: "enabled", budgetTokens } };
  return {
    call: {
      ...rest,
      maxOutputTokens: maxOutputTokens - budgetTokens,
      providerOptions: { ...providerOptions, anthropic },
    },
    dropped: false,
  };
}
