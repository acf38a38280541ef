// What an application says of an answer it was given: how good it was, what it should have been, what came of it.
import type { Rights } from "@homegrown/contracts";
import type { Key } from "../core/key.ts";

/** A message as OpenAI's clients write it. */
export type CorrectionMessage = Readonly<Record<string, unknown>> & { readonly role: string };

export interface FeedbackContent {
  /** -1 (useless) to 1 (as it should be). */
  score: number | undefined;
  /** Numbers that the application measures by, by name. */
  metrics: Readonly<Record<string, number>> | undefined;
  /** One word or a few for what came of it, for example `accepted`, `ticket-reopened`. */
  outcome: string | undefined;
  /** Which of several choices it is about, from 0. */
  choice: number;
  /** What should have been answered: text, or the messages that replace the answer. */
  correction: string | readonly CorrectionMessage[] | undefined;
  comment: string | undefined;
}

export interface Feedback extends FeedbackContent {
  readonly id: string;
  readonly requestId: string;
  /** The id of the row in the ledger that it is about. */
  readonly entryId: string;
  readonly at: Date;
  /** Who said it. */
  readonly keyId: string;
  /** What its text may be used for: as far as the key's owner consents. */
  readonly right: Rights;
}

/** Requests are seen by the key that made them and by the other keys of its team. */
export interface FeedbackStore {
  /**
   * Says something of the newest request of this id that the caller may see: clients may use an id twice, and then
   * mean the last. Throws `gateway/request-not-found`, `gateway/feedback-forbidden`, `gateway/feedback-full`,
   * `gateway/masking-failed`, or `gateway/rate-limited`.
   */
  add(caller: Key, requestId: string, content: FeedbackContent): Promise<Feedback>;
  /** All that was said of requests of this id, oldest first. */
  list(caller: Key, requestId: string): Promise<readonly Feedback[]>;
  /** Takes all of it back; resolves to how many that were. */
  delete(caller: Key, requestId: string): Promise<number>;
}
