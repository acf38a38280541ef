import type { FinishReason } from "../../core/answer.ts";

export const FINISH_REASON: { [Reason in FinishReason]: string } = {
  stop: "stop",
  length: "length",
  "content-filter": "content_filter",
};
