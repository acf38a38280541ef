// What clients asked to be kept: Responses that later requests may continue or fetch. A response belongs to the
// key that made it; it is gone once deleted or past its retention.

export interface StoredResponse {
  readonly id: string;
  /** The key that made it: other keys never see it. */
  readonly keyId: string;
  readonly previousId: string | undefined;
  /** What sticky routing keeps the later turns together by. */
  readonly conversation: string | undefined;
  readonly userLabel: string | undefined;
  readonly safetyIdentifier: string | undefined;
  /** JSON: the items that this turn's request brought. */
  readonly input: string;
  /** JSON: the whole `response` object. */
  readonly response: string;
}

/** As much as deletion needs to know. */
export type StoredResponseOwner = Pick<StoredResponse, "keyId" | "id" | "userLabel" | "safetyIdentifier">;

export interface ResponseStore {
  /** False while too much waits to be written: then nothing new should be promised to be stored. */
  readonly accepting: boolean;
  /** Largest input of one turn, in characters of JSON. */
  readonly maxInputChars: number;
  /** Visible to `get` at once. `itemIds` are those of the output, for `findItem`. */
  save(response: StoredResponse, itemIds: readonly string[]): void;
  get(keyId: string, id: string): Promise<StoredResponse | undefined>;
  /**
   * The turns that end with the given response, oldest first; undefined where one of them is unknown, deleted
   * or expired. Throws `gateway/conversation-too-long`.
   */
  chain(keyId: string, id: string): Promise<readonly StoredResponse[] | undefined>;
  /** The response in whose output the item with this id stands. */
  findItem(keyId: string, itemId: string): Promise<StoredResponse | undefined>;
  /** False where there was none. */
  delete(keyId: string, id: string): Promise<boolean>;
  /** All that a key stored; resolves to how many. */
  deleteByKey(keyId: string): Promise<number>;
  /** All whose request named this end user (`user` or `safety_identifier`), of whatever key. */
  deleteByUser(label: string): Promise<number>;
  /** Deletes what is past its retention, and resolves to how many that were. Also runs by itself. */
  expire(): Promise<number>;
  /** Settles once everything saved so far is written; rejects where writing fails. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
