import type { ChatResult } from "@homegrown/contracts";
import { modelFailed } from "../../core/model-failed.ts";

/** OpenAI's word for why an answer ended. Throws `gateway/model-failed` where it did not end but broke. */
export function toFinishReason(
  { unified }: Pick<ChatResult["finishReason"], "unified">,
  callsTools: boolean,
): string {
  switch (unified) {
    case "length":
      return "length";
    case "content-filter":
      return "content_filter";
    case "error":
      throw modelFailed("The model ended its answer with an error.");
    case "interrupted":
      throw modelFailed("The model's answer broke off before its end.");
    default:
      // Calls that the provider ran itself are none of the client's business, and some providers report
      // "stop" beside calls that are.
      return callsTools ? "tool_calls" : "stop";
  }
}
