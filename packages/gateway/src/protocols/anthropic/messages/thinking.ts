// How much a model thinks: Anthropic's `thinking` and `output_config.effort`, as they are for Anthropic models
// and as the port's effort for all others.
import type { ChatCall } from "@homegrown/contracts";
import { isObject } from "../block-fields.ts";
import type { JsonObject } from "../json.ts";
import type { PromptBody } from "./body-schema.ts";

type Reasoning = NonNullable<ChatCall["reasoning"]>;

/** Whether the answer shows what was thought: Anthropic may hide the words and still sign them. */
export type ThinkingDisplay = "full" | "omitted" | "none";

export interface ThinkingChoice {
  reasoning: Reasoning | undefined;
  /** For `providerOptions.anthropic`. */
  anthropic: JsonObject;
  display: ThinkingDisplay;
}

const EFFORTS: ReadonlySet<string> = new Set(["low", "medium", "high", "xhigh", "max"]);
/** Budgets up to each of these are the effort beside it; about what providers spend at that effort. */
const EFFORT_OF_BUDGET: readonly [number, Reasoning][] = [
  [4_096, "low"],
  [16_384, "medium"],
  [Number.POSITIVE_INFINITY, "high"],
];

export function toThinkingChoice({ thinking, output_config: config }: PromptBody): ThinkingChoice {
  const effort =
    typeof config?.effort === "string" && EFFORTS.has(config.effort)
      ? (config.effort as Reasoning)
      : undefined;
  const anthropic: JsonObject = effort === undefined ? {} : { effort };
  const display = thinking?.["display"] === "omitted" ? "omitted" : "full";
  switch (thinking?.type) {
    case "enabled": {
      const budgetTokens = thinking.budget_tokens ?? undefined;
      anthropic["thinking"] = { type: "enabled", ...(budgetTokens !== undefined && { budgetTokens }) };
      return { reasoning: effort ?? effortOf(budgetTokens ?? 0), anthropic, display };
    }
    case "adaptive": {
      const { display: shown, block_binding: binding } = thinking;
      anthropic["thinking"] = {
        type: "adaptive",
        ...((shown === "omitted" || shown === "summarized") && { display: shown }),
        ...(isObject(binding) && {
          blockBinding: { prefixMismatchBehavior: binding["prefix_mismatch_behavior"] },
        }),
      };
      // The model is to decide for itself; medium is what others do when nobody says anything.
      return { reasoning: effort ?? "medium", anthropic, display };
    }
    case "between_tools":
      anthropic["thinking"] = { type: "between_tools" };
      return { reasoning: "none", anthropic, display };
    case "disabled":
      anthropic["thinking"] = { type: "disabled" };
      return { reasoning: "none", anthropic, display: "none" };
    default:
      return { reasoning: effort, anthropic, display };
  }
}

function effortOf(budgetTokens: number): Reasoning {
  return EFFORT_OF_BUDGET.find(([limit]) => budgetTokens <= limit)![1];
}
