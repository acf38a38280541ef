import { HomegrownError } from "@homegrown/contracts";
import type { Target } from "../core/target.ts";
import { nameMisfits } from "./capability.ts";
import type { RouteQuestion } from "./route-question.ts";

export function unknownAlias(alias: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/model-not-found",
    kind: "not-found",
    message: `The model ${JSON.stringify(alias)} does not exist here.`,
    hint: "Ask GET /v1/models for the names that are served.",
  });
}

/** The route exists, but none of its targets does: an own model that was not made yet, or was removed. */
export function missingTargets(alias: string, ids: readonly string[]): HomegrownError {
  return new HomegrownError({
    code: "gateway/model-not-found",
    kind: "not-found",
    message: `The model ${JSON.stringify(alias)} leads to ${ids.join(", ")}, which does not exist at the moment.`,
    hint: "Make the model, or correct the route in the gateway's configuration.",
  });
}

/** `considered`: the targets whose conditions hold; empty where no condition does. */
export function noCapableTarget(question: RouteQuestion, considered: readonly Target[]): HomegrownError {
  const alias = JSON.stringify(question.alias);
  if (considered.length === 0) {
    return new HomegrownError({
      code: "gateway/no-capable-target",
      kind: "invalid-input",
      message: `The model ${alias} has no target for a request of this kind: the conditions of its route exclude all.`,
      hint: "Ask another model, or let whoever runs this gateway widen the route's conditions.",
      details: { needs: [] },
    });
  }
  const misfits = considered.map((target) => nameMisfits(target, question));
  const byNobody = misfits[0]!.filter((need) => misfits.every((others) => others.includes(need)));
  const all = [...new Set(misfits.flat())];
  const needs = byNobody.length > 0 ? byNobody : all;
  return new HomegrownError({
    code: "gateway/no-capable-target",
    kind: "invalid-input",
    message:
      byNobody.length > 0
        ? `No target of the model ${alias} can do what this request needs: ${needs.join(", ")}.`
        : `No single target of the model ${alias} can do all that this request needs: ${needs.join(", ")}.`,
    hint: "Leave that out of the request, or ask a model that can; a longer prompt needs a larger context.",
    details: { needs },
  });
}

export function noHealthyTarget(alias: string, pauseMs: number): HomegrownError {
  const retryAfterSeconds = Math.max(1, Math.ceil(pauseMs / 1000));
  return new HomegrownError({
    code: "gateway/no-healthy-target",
    kind: "unavailable",
    message: `Every target of the model ${JSON.stringify(alias)} has failed too often and is left alone for a while.`,
    hint: `Send the request again in ${retryAfterSeconds} s.`,
    details: { retryAfterSeconds },
    retryable: true,
  });
}
