// Answers of one route that were given before, in memory: least recently used out first, bounded by entries and
// by bytes, each for its time. Only complete, successful answers come in; see `AnswerRecording`.
import type { TokenUsage } from "../core/token-usage.ts";
import type { AnswerCacheSettings } from "../routing/route-config.ts";

export interface CachedAnswer {
  /** The bytes as they were sent: one part, or the parts of a stream in their order. */
  readonly parts: readonly Uint8Array[];
  readonly streamed: boolean;
  readonly contentType: string | undefined;
  /** What the answer cost when it was made; giving it again costs nothing. */
  readonly usage: TokenUsage;
  /** What answered. */
  readonly version: string;
}

interface Entry {
  answer: CachedAnswer;
  numBytes: number;
  expiresAt: number;
}

/** What an entry takes beside its bytes: key, usage, list nodes; an upper estimate. */
const ENTRY_OVERHEAD = 1024;
const PART_OVERHEAD = 128;

export class AnswerCache {
  readonly settings: AnswerCacheSettings;
  readonly #clock: () => number;
  /** In the order of their last use, the oldest first. */
  readonly #entries = new Map<string, Entry>();
  #numBytes = 0;

  constructor(settings: AnswerCacheSettings, clock: () => number) {
    this.settings = settings;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }
  /** An upper estimate of the memory that the entries take. */
  get numBytes(): number {
    return this.#numBytes;
  }

  get(key: string): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.expiresAt <= this.#clock()) {
      this.#numBytes -= entry.numBytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.answer;
  }

  /** Starts to record the answer to the request of this key. */
  record(key: string): AnswerRecording {
    return new AnswerRecording(this.settings.maxAnswerBytes, (answer) => this.#set(key, answer));
  }

  clear(): void {
    this.#entries.clear();
    this.#numBytes = 0;
  }

  #set(key: string, answer: CachedAnswer): void {
    const partBytes = answer.parts.reduce((sum, { byteLength }) => sum + byteLength + PART_OVERHEAD, 0);
    const numBytes = ENTRY_OVERHEAD + partBytes;
    if (numBytes > this.settings.maxBytes) return;
    this.#delete(key);
    this.#entries.set(key, { answer, numBytes, expiresAt: this.#clock() + this.settings.ttlSeconds * 1000 });
    this.#numBytes += numBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#numBytes <= this.settings.maxBytes && this.#entries.size <= this.settings.maxEntries) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#numBytes -= entry.numBytes;
  }
}

/**
 * Collects one answer while it is sent. Nothing is kept unless `finish` is called, which is for complete answers
 * without an error alone; one that grows too long is let go at once.
 */
export class AnswerRecording {
  readonly #maxBytes: number;
  readonly #keep: (answer: CachedAnswer) => void;
  #parts: Uint8Array[] | undefined = [];
  #numBytes = 0;

  constructor(maxBytes: number, keep: (answer: CachedAnswer) => void) {
    this.#maxBytes = maxBytes;
    this.#keep = keep;
  }

  /** Bytes are copied: what they lie in may be reused. */
  add(part: Uint8Array | string): void {
    if (this.#parts === undefined) return;
    const bytes = typeof part === "string" ? Buffer.from(part) : Uint8Array.from(part);
    this.#numBytes += bytes.byteLength;
    if (this.#numBytes > this.#maxBytes) this.#parts = undefined;
    else this.#parts.push(bytes);
  }

  finish(about: Omit<CachedAnswer, "parts">): void {
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts !== undefined && parts.length > 0) this.#keep({ parts, ...about });
  }
}
