import type { Rights } from "@homegrown/contracts";
import type { CaptureTables } from "../capture/tables.ts";
import type { CorrectionMessage, Feedback } from "./feedback.ts";

type Row = CaptureTables["feedback"];

export function fromFeedbackRow(row: Row): Feedback {
  return {
    id: row.id,
    requestId: row.request_id,
    entryId: row.entry_id,
    at: new Date(row.at),
    keyId: row.key_id,
    right: row.right as Rights,
    score: row.score ?? undefined,
    metrics: row.metrics === null ? undefined : (JSON.parse(row.metrics) as Record<string, number>),
    outcome: row.outcome ?? undefined,
    choice: row.choice,
    correction:
      row.correction === null
        ? undefined
        : (JSON.parse(row.correction) as string | readonly CorrectionMessage[]),
    comment: row.comment ?? undefined,
  };
}

export function toFeedbackRow(feedback: Feedback, entry: { keyId: string; team: string | null }): Row {
  const { metrics, correction } = feedback;
  return {
    id: feedback.id,
    entry_id: feedback.entryId,
    request_id: feedback.requestId,
    at: feedback.at.getTime(),
    key_id: feedback.keyId,
    entry_key_id: entry.keyId,
    entry_team: entry.team,
    right: feedback.right,
    score: feedback.score ?? null,
    metrics: metrics === undefined ? null : JSON.stringify(metrics),
    outcome: feedback.outcome ?? null,
    choice: feedback.choice,
    correction: correction === undefined ? null : JSON.stringify(correction),
    comment: feedback.comment === undefined ? null : feedback.comment.toWellFormed().replaceAll("\0", ""),
  };
}
