// Keeps what policies allow to be kept: decides, masks in a thread of its own, writes behind. Nothing here holds up
// a request, and everything is bounded; what does not fit is dropped and counted. A kill loses what waits.
import type { Dialect } from "../core/dialect.ts";
import type { Key } from "../core/key.ts";
import type { ModelRequest } from "../core/model-request.ts";
import type { CaptureFacts, CapturePort } from "../core/serving/core-options.ts";
import type { RoutePlan } from "../routing/compiled-route.ts";
import { PendingWrites } from "../state/pending-writes.ts";
import { deleteCaptures, expireCaptures } from "./capture-deletion.ts";
import type { CaptureSelection, DeletedCaptures } from "./capture-deletion.ts";
import { CaptureDrops } from "./capture-drops.ts";
import type { DropReason } from "./capture-drops.ts";
import { decideRight, keepsContent, mayKeepContent } from "./capture-right.ts";
import { sizeOfCapture, toStatements } from "./capture-rows.ts";
import type { CaptureHead, NewCapture } from "./capture-rows.ts";
import type { MaskingThread } from "./masking-thread.ts";
import { digestOfSubject, digestsOfSubjects } from "./subjects.ts";
import type { CaptureDatabase } from "./tables.ts";

export interface CaptureStoreOptions {
  /** Opened with `CAPTURE_MIGRATIONS`. */
  database: CaptureDatabase;
  masking: Pick<MaskingThread, "maskContent">;
  /** 0 keeps for ever. Asked each time, so that a new configuration holds at once. */
  retentionDays: () => number;
  /** Of a request, and of its answer, each; default 4 Mi. */
  maxBytes?: number;
  /** Of all that waits to be masked; default 32 Mi. */
  maxWaitingBytes?: number;
  onFault?: (error: unknown) => void;
  /** Unix time in milliseconds. */
  now?: () => number;
}

export interface CaptureStats {
  /** Masked and handed to the database's queue. */
  kept: number;
  dropped: Readonly<Record<DropReason, number>>;
  /** Bytes that wait to be masked. */
  waitingBytes: number;
}

/** Conversations and text: what can be masked, and what models learn from. */
const KEPT_DIALECTS: ReadonlySet<Dialect> = new Set<Dialect>([
  "openai/chat-completions",
  "openai/responses",
  "openai/completions",
  "anthropic/messages",
]);

const EXPIRE_EVERY_MS = 3_600_000;

/** One whose masking has begun, or waits to. */
interface Masking {
  head: CaptureHead;
  subjects: readonly string[];
  deleted: boolean;
}

/** Its timer deletes what is past its retention once an hour; it does not keep the process alive. */
export class CaptureStore implements CapturePort {
  readonly #options: CaptureStoreOptions;
  readonly #maxBytes: number;
  readonly #maxWaitingBytes: number;
  readonly #now: () => number;
  readonly #drops: CaptureDrops;
  readonly #writes: PendingWrites<NewCapture>;
  readonly #masking = new Map<Masking, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #kept = 0;
  #waitingBytes = 0;

  constructor(options: CaptureStoreOptions) {
    const { onFault = () => {}, now = Date.now, maxBytes, maxWaitingBytes } = options;
    this.#options = options;
    this.#now = now;
    this.#maxBytes = maxBytes ?? 4 * 1024 * 1024;
    this.#maxWaitingBytes = maxWaitingBytes ?? 32 * 1024 * 1024;
    this.#drops = new CaptureDrops(onFault, now);
    this.#writes = new PendingWrites<NewCapture>({
      database: options.database,
      statementsOf: toStatements,
      sizeOf: sizeOfCapture,
      onFault: (error, lost) => {
        if (lost !== undefined) this.#drops.add("store-refused");
        onFault(error);
      },
    });
    this.#timer = setInterval(() => void this.expire().catch(onFault), EXPIRE_EVERY_MS);
    this.#timer.unref();
  }

  get stats(): CaptureStats {
    return { kept: this.#kept, dropped: { ...this.#drops.counts }, waitingBytes: this.#waitingBytes };
  }

  wants(key: Key, plan: RoutePlan): boolean {
    return mayKeepContent(key.rights, plan.route.capture);
  }

  /** Only what was answered to its end: half an answer teaches nothing. */
  record({ report, plan, request, answer }: CaptureFacts): void {
    const { target, outcome, key, dialect, entryId } = report;
    if (target === undefined || outcome !== "completed" || !KEPT_DIALECTS.has(dialect)) return;
    const { right, override } = decideRight(key.rights, plan.route.capture, target.rights);
    if (!keepsContent(right)) return;
    const head: CaptureHead = {
      id: entryId ?? report.requestId,
      requestId: report.requestId,
      at: new Date(report.startedAt),
      keyId: key.id,
      team: key.team,
      alias: report.alias,
      dialect,
      target: target.id,
      version: report.version,
      own: target.own,
      right,
      override,
      mirrorOf: report.mirrorOf,
    };
    this.#keep(head, request, answer, report.streamed);
  }

  /** Also what waits to be masked or written. */
  async delete(selection: CaptureSelection): Promise<DeletedCaptures> {
    const matches = toMatcher(selection);
    let captures = 0;
    for (const masking of this.#masking.keys()) {
      if (masking.deleted || !matches(masking)) continue;
      masking.deleted = true;
      captures += 1;
    }
    captures += await this.#writes.drop(matches);
    const deleted = await deleteCaptures(this.#options.database, selection);
    return { captures: captures + deleted.captures, feedback: deleted.feedback };
  }

  /** Deletes what is past its retention. Also runs by itself. */
  async expire(): Promise<DeletedCaptures> {
    return expireCaptures(this.#options.database, this.#options.retentionDays(), this.#now());
  }

  /** Settles once everything recorded so far is written or dropped; rejects where writing fails. */
  async flush(): Promise<void> {
    await Promise.all(this.#masking.values());
    await this.#writes.flush();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#masking.values());
    await this.#writes.close();
  }

  #keep(head: CaptureHead, request: ModelRequest, answer: Buffer | undefined, streamed: boolean): void {
    if (answer === undefined || answer.length > this.#maxBytes) return this.#drops.add("too-large");
    const room = this.#maxWaitingBytes - this.#waitingBytes - answer.length;
    if (room < 0 || !this.#writes.accepting) return this.#drops.add("overloaded");
    const body = bodyOf(request);
    if (body === undefined) return this.#drops.add("unreadable");
    if (body.length > this.#maxBytes) return this.#drops.add("too-large");
    if (body.length > room) return this.#drops.add("overloaded");
    const masking: Masking = { head, subjects: digestsOfSubjects(request.labels), deleted: false };
    const numBytes = body.length + answer.length;
    this.#waitingBytes += numBytes;
    const done = this.#mask(masking, { dialect: head.dialect, streamed, request: body, answer }).finally(
      () => {
        this.#waitingBytes -= numBytes;
        this.#masking.delete(masking);
      },
    );
    this.#masking.set(masking, done);
  }

  /** Never rejects. */
  async #mask(masking: Masking, raw: Parameters<MaskingThread["maskContent"]>[0]): Promise<void> {
    try {
      const content = await this.#options.masking.maskContent(raw);
      if (masking.deleted) return;
      if (content === undefined) return this.#drops.add("unreadable");
      const { head, subjects } = masking;
      this.#writes.add(head.id, { head, content, subjects });
      this.#kept += 1;
    } catch {
      this.#drops.add("masking-failed");
    }
  }
}

/**
 * The client's own words. Of a Responses request that continues a stored one the bytes hold the whole conversation,
 * but what was stored for a client is never captured by that; its turns were, as they came, if policy let them.
 */
function bodyOf({ dialect, bytes, body }: ModelRequest): Buffer | undefined {
  if (bytes !== undefined && dialect !== "openai/responses") return bytes.raw;
  if (typeof body !== "object" || body === null) return undefined;
  return Buffer.from(JSON.stringify(body));
}

function toMatcher(
  selection: CaptureSelection,
): (capture: { head: CaptureHead; subjects: readonly string[] }) => boolean {
  if ("subject" in selection) {
    const digest = digestOfSubject(selection.subject);
    return ({ subjects }) => subjects.includes(digest);
  }
  if ("keyId" in selection) return ({ head }) => head.keyId === selection.keyId;
  return ({ head }) => head.requestId === selection.requestId;
}
