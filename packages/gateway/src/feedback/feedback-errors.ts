import { HomegrownError } from "@homegrown/contracts";

export function requestNotFound(): HomegrownError {
  return new HomegrownError({
    code: "gateway/request-not-found",
    kind: "not-found",
    message: "No request of this id was made with this key, or with another key of its team.",
    hint: "Send the x-request-id of an answer. The row of a request is written moments after its answer.",
    details: { param: "request_id" },
  });
}

export function feedbackForbidden(param: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/feedback-forbidden",
    kind: "forbidden",
    message: `The owner of this key has not agreed that '${param}' be kept.`,
    hint:
      param === "request_id"
        ? "Whoever runs the gateway can give the key the right 'metrics' or more."
        : `Leave '${param}' out, or have the key given the right 'evaluate' or 'train'.`,
    details: { param },
  });
}

export function feedbackFull(most: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/feedback-full",
    kind: "conflict",
    message: `There are ${most} entries of feedback on this request already, the most that are kept.`,
    hint: "Delete what was said before, and say it anew.",
  });
}

export function noFeedbackKept(): HomegrownError {
  return new HomegrownError({
    code: "gateway/feedback-unavailable",
    kind: "not-found",
    message: "This gateway keeps no feedback, because it keeps no ledger.",
    hint: "Whoever runs it can give it a database.",
  });
}
