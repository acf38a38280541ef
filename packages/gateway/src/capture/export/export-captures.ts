// Captures as the JSON Lines that trainers read, one example a line, oldest first. Everything was masked before it
// was written; what may be exported for training is what says so itself.
import { permits } from "@homegrown/contracts";
import { fromFeedbackRow } from "../../feedback/feedback-rows.ts";
import type { Feedback } from "../../feedback/feedback.ts";
import type { Capture } from "../capture-rows.ts";
import { readPages } from "../read-captures.ts";
import type { CaptureFilter } from "../read-captures.ts";
import type { CaptureDatabase } from "../tables.ts";
import { Unexportable } from "./conversation.ts";
import type { SkipReason } from "./conversation.ts";
import { withEarlierTurns } from "./earlier-turns.ts";
import { toChatExamples, toTextExamples } from "./examples.ts";
import type { Example } from "./examples.ts";
import { toChatRow, toTextRow } from "./shapes.ts";
import type { ExportRight, ExportShape } from "./shapes.ts";

export interface ExportOptions extends Omit<CaptureFilter, "right"> {
  /** What for. Only records, and feedback, that permit it are read. */
  right: ExportRight;
  shape: ExportShape;
  /** Conversations (default), or plain text as the completions endpoint has it; never both in one file. */
  form?: "chat" | "text";
  /** Adds a column that says where each example comes from. */
  metadata?: boolean;
  /** Told of each example that cannot be said in this shape, and why. */
  onSkip?: (reason: SkipReason, captureId: string) => void;
}

/** Each may hold megabytes. */
const AT_ONCE = 16;

/** Yields lines with their end. Reads on while they are taken; what is captured meanwhile may come along. */
export async function* exportCaptures(
  database: Pick<CaptureDatabase, "queries">,
  options: ExportOptions,
): AsyncGenerator<string, void, undefined> {
  for await (const captures of readPages(database, options, AT_ONCE)) {
    const feedback = await readFeedback(database, captures, options.right);
    for (const capture of captures) {
      // The query asked for it already; an export that is wrong here is wrong for good.
      if (!permits(capture.right, options.right)) continue;
      const whole = await withEarlierTurns(database, capture, options.right);
      yield* toLines(whole, feedback.get(capture.id) ?? [], options);
    }
  }
}

async function readFeedback(
  { queries }: Pick<CaptureDatabase, "queries">,
  captures: readonly Capture[],
  right: ExportRight,
): Promise<Map<string, Feedback[]>> {
  const ids = captures.map(({ id }) => id);
  const rows = await queries
    .selectFrom("feedback")
    .selectAll()
    .where("entry_id", "in", ids)
    .orderBy("at")
    .orderBy("id")
    .execute();
  const allowed = rows.map(fromFeedbackRow).filter((feedback) => permits(feedback.right, right));
  return Map.groupBy(allowed, ({ entryId }) => entryId);
}

function* toLines(
  capture: Capture,
  feedback: readonly Feedback[],
  options: ExportOptions,
): Generator<string, void, undefined> {
  const { shape, right, form = "chat", metadata = false, onSkip = () => {} } = options;
  const attempt = <T>(make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof Unexportable)) throw error;
      onSkip(error.reason, capture.id);
      return undefined;
    }
  };
  const rows =
    form === "chat"
      ? attempt(() => toChatExamples(capture, feedback))?.map((example) => ({
          example,
          row: attempt(() => toChatRow(example, shape, right)),
        }))
      : attempt(() => toTextExamples(capture, feedback))?.map((example) => ({
          example,
          row: attempt(() => toTextRow(example, shape, right)),
        }));
  for (const { example, row } of rows ?? []) {
    if (row === undefined) continue;
    const line = metadata ? { ...row, metadata: toMetadata(capture, example) } : row;
    yield `${JSON.stringify(line)}\n`;
  }
}

function toMetadata(capture: Capture, example: Example<unknown>): object {
  const { override } = capture;
  return {
    id: capture.id,
    request_id: capture.requestId,
    at: capture.at.toISOString(),
    alias: capture.alias,
    dialect: capture.dialect,
    target: capture.target,
    version: capture.version ?? null,
    own: capture.own,
    right: capture.right,
    override_by: override?.by ?? null,
    override_reason: override?.reason ?? null,
    mirror_of: capture.mirrorOf ?? null,
    choice: example.choice,
    corrected: example.correction !== undefined,
    score: example.score ?? null,
    outcome: example.outcome ?? null,
    masked: capture.masked,
  };
}
