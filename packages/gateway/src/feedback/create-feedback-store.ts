import { randomUUID } from "node:crypto";
import type { Database } from "@homegrown/storage";
import { permits } from "@homegrown/contracts";
import { keepsContent } from "../capture/capture-right.ts";
import type { MaskingThread } from "../capture/masking-thread.ts";
import { digestsOfSubjects } from "../capture/subjects.ts";
import type { CaptureTables } from "../capture/tables.ts";
import type { Key } from "../core/key.ts";
import type { GatewayTables } from "../state/tables.ts";
import { feedbackForbidden, feedbackFull, requestNotFound } from "./feedback-errors.ts";
import { fromFeedbackRow, toFeedbackRow } from "./feedback-rows.ts";
import type { Feedback, FeedbackContent, FeedbackStore } from "./feedback.ts";
import { findRequest } from "./find-request.ts";
import type { FoundRequest } from "./find-request.ts";

export type FeedbackDatabase = Pick<Database<GatewayTables & CaptureTables>, "queries" | "transaction">;

export interface FeedbackStoreOptions {
  /** Opened with the migrations of ledger and captures. */
  database: FeedbackDatabase;
  masking: Pick<MaskingThread, "maskValue">;
  /** Writes the ledger's waiting rows; feedback often comes before them. */
  flushLedger: () => Promise<void>;
  /** Throws `gateway/rate-limited`. */
  admit?: (caller: Key) => void;
  /** Unix time in milliseconds. */
  now?: () => number;
}

/** Of one request. */
const MAX_ENTRIES = 50;
/** How long the ledger may take to catch up; then what stands there counts. */
const FLUSH_MS = 1_000;

export function createFeedbackStore(options: FeedbackStoreOptions): FeedbackStore {
  const { database, masking, flushLedger, admit = () => {}, now = Date.now } = options;

  async function find(caller: Key, requestId: string): Promise<FoundRequest> {
    // First: an older request of this id may stand there already.
    await atMost(FLUSH_MS, flushLedger());
    const found = await findRequest(database, caller, requestId);
    if (found === undefined) throw requestNotFound();
    return found;
  }

  async function insert(feedback: Feedback, entry: FoundRequest): Promise<void> {
    const row = toFeedbackRow(feedback, entry);
    const subjects = digestsOfSubjects(entry.labels).map((subject) => ({ subject, entry_id: entry.id }));
    await database.transaction(async (tx) => {
      const { count } = await tx
        .selectFrom("feedback")
        .select((is) => is.fn.countAll<number>().as("count"))
        .where("entry_id", "=", entry.id)
        .executeTakeFirstOrThrow();
      if (count >= MAX_ENTRIES) throw feedbackFull(MAX_ENTRIES);
      await tx.insertInto("feedback").values(row).execute();
      if (subjects.length === 0) return;
      await tx
        .insertInto("capture_subjects")
        .values(subjects)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  return {
    async add(caller, requestId, content) {
      admit(caller);
      checkConsent(caller, content);
      const entry = await find(caller, requestId);
      const masked = await maskContent(masking, content);
      const feedback: Feedback = {
        ...masked,
        id: `fb_${randomUUID().replaceAll("-", "")}`,
        requestId,
        entryId: entry.id,
        at: new Date(now()),
        keyId: caller.id,
        right: caller.rights,
      };
      await insert(feedback, entry);
      return feedback;
    },

    async list(caller, requestId) {
      admit(caller);
      const rows = await database.queries
        .selectFrom("feedback")
        .selectAll()
        .where("request_id", "=", requestId)
        .where((is) => {
          const own = is("entry_key_id", "=", caller.id);
          return caller.team === undefined ? own : is.or([own, is("entry_team", "=", caller.team)]);
        })
        .orderBy("at")
        .orderBy("id")
        .limit(1000)
        .execute();
      return rows.map(fromFeedbackRow);
    },

    async delete(caller, requestId) {
      admit(caller);
      return database.transaction(async (tx) => {
        const rows = await tx
          .deleteFrom("feedback")
          .where("request_id", "=", requestId)
          .where((is) => {
            const own = is("entry_key_id", "=", caller.id);
            return caller.team === undefined ? own : is.or([own, is("entry_team", "=", caller.team)]);
          })
          .returning("entry_id")
          .execute();
        if (rows.length === 0) return 0;
        // Of requests that were never captured nothing is left to find by whom they were about.
        await tx
          .deleteFrom("capture_subjects")
          .where(
            "entry_id",
            "in",
            rows.map((row) => row.entry_id),
          )
          .where(
            "entry_id",
            "not in",
            tx.selectFrom("captures").select("id").where("request_id", "=", requestId),
          )
          .execute();
        return rows.length;
      });
    },
  };
}

/** A score and a name for an outcome are metrics; what people wrote is content. */
function checkConsent({ rights }: Key, { correction, comment }: FeedbackContent): void {
  if (!permits(rights, "metrics")) throw feedbackForbidden("request_id");
  if (keepsContent(rights)) return;
  if (correction !== undefined) throw feedbackForbidden("correction");
  if (comment !== undefined) throw feedbackForbidden("comment");
}

/** Numbers stay numbers; what they are called is text. */
async function maskContent(
  masking: Pick<MaskingThread, "maskValue">,
  content: FeedbackContent,
): Promise<FeedbackContent> {
  const { score, choice, metrics, outcome, correction, comment } = content;
  const words = { names: metrics && Object.keys(metrics), outcome, correction, comment };
  if (Object.values(words).every((word) => word === undefined)) return content;
  const { names, ...masked } = (await masking.maskValue(words)) as typeof words;
  const values = Object.values(metrics ?? {});
  return {
    ...masked,
    score,
    choice,
    metrics: names && Object.fromEntries(names.map((name, index) => [name, values[index]!])),
  };
}

async function atMost(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([done, timeout]);
  clearTimeout(timer);
}
