import type { Feedback } from "../../../feedback/feedback.ts";

export function renderFeedback(feedback: Feedback): string {
  return JSON.stringify(toObject(feedback));
}

export function renderFeedbackList(requestId: string, feedback: readonly Feedback[]): string {
  return JSON.stringify({ object: "list", request_id: requestId, data: feedback.map(toObject) });
}

export function renderDeleted(requestId: string, numDeleted: number): string {
  return JSON.stringify({
    object: "feedback.deleted",
    request_id: requestId,
    deleted: true,
    num_deleted: numDeleted,
  });
}

/** As it is kept: with what was masked in it. */
function toObject(feedback: Feedback): object {
  const { id, requestId, at, keyId, right, score, metrics, outcome, choice, correction, comment } = feedback;
  return {
    id,
    object: "feedback",
    request_id: requestId,
    created_at: Math.floor(at.getTime() / 1000),
    key: keyId,
    right,
    choice,
    score: score ?? null,
    metrics: metrics ?? null,
    outcome: outcome ?? null,
    correction: correction ?? null,
    comment: comment ?? null,
  };
}
