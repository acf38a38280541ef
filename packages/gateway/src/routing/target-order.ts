// The order in which a route's targets are tried, by strategy. Each gives a number to a target, least first;
// equal ones keep the order of the configuration.
import type { Target } from "../core/target.ts";
import type { Random } from "./clock.ts";
import type { TargetHealth } from "./health.ts";
import { estimateInputTokens } from "./prompt-length.ts";
import { drawByName, drawRank, hashName } from "./rendezvous.ts";
import type { Strategy } from "./route-config.ts";
import type { RouteQuestion } from "./route-question.ts";

/** Where the client set no limit: about what an answer has. */
const USUAL_OUTPUT_TOKENS = 500;

export interface Ranked {
  target: Target;
  weight: number;
  /** `hashName` of the target's id. */
  hash: number;
  health: TargetHealth;
}

export type Rank = (ranked: Ranked) => number;

/** Undefined keeps the order of the configuration. */
export function createRank(
  strategy: Strategy,
  sticky: boolean,
  question: RouteQuestion,
  random: Random,
): Rank | undefined {
  switch (strategy) {
    case "fallback":
      return undefined;
    case "weighted":
      return rankByWeight(sticky ? question.conversation() : undefined, random);
    case "lowest-latency":
      return ({ health }) => (question.stream ? health.firstToken : health.wholeAnswer).score;
    case "cheapest":
      return ({ target }) => estimateCost(target, question);
  }
}

function rankByWeight(conversation: string | undefined, random: Random): Rank {
  // 1 - random is in (0, 1]; at 1 the logarithm is 0, which is a rank like any other.
  if (conversation === undefined) return ({ weight }) => drawRank(1 - random(), weight);
  const hash = hashName(conversation);
  return (ranked) => drawRank(drawByName(hash, ranked.hash), ranked.weight);
}

/**
 * In nano-dollars. Unknown is not zero: a rented target without a price comes last. An own one sends no bill,
 * so without a price it is free.
 */
export function estimateCost({ price, own }: Target, question: RouteQuestion): number {
  if (price === undefined) return own ? 0 : Infinity;
  const output = question.maxOutputTokens ?? USUAL_OUTPUT_TOKENS;
  return (
    (price.perRequest ?? 0) +
    estimateInputTokens(question) * price.inputPerToken +
    output * price.outputPerToken
  );
}
