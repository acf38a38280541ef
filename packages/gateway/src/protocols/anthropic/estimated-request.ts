import type { ModelRequest } from "../../core/model-request.ts";

/**
 * With an estimate of the prompt beside its bound: a bound holds for budgets, but is far too high for a count
 * that somebody reads.
 */
export interface EstimatedRequest extends ModelRequest {
  estimatedInputTokens(): number;
}
