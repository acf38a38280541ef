// The one way of text into captures and feedback: a thread that masks, started with the first text and again after
// it died. It works on one job at a time; what kills it, or takes too long, is lost alone, and never written as it was.
import { Worker } from "node:worker_threads";
import { HomegrownError } from "@homegrown/contracts";
import type { MaskedContent, RawContent } from "./masked-content.ts";
import type { MaskingJob, MaskingReply } from "./masking-messages.ts";

export interface MaskingThreadOptions {
  /** How long one job may take; default 30 s. */
  timeoutMs?: number;
  createWorker?: () => Worker;
}

interface Waiting {
  job: MaskingJob;
  transfer: readonly ArrayBuffer[];
  resolve(reply: MaskingReply): void;
  reject(error: HomegrownError): void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_HEAP_MB = 512;

export class MaskingThread {
  readonly #timeoutMs: number;
  readonly #createWorker: () => Worker;
  readonly #queue: Waiting[] = [];
  /** Small, and somebody waits for the answer: goes first. */
  readonly #urgent: Waiting[] = [];
  #current: Waiting | undefined;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: MaskingThreadOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#createWorker = options.createWorker ?? startWorker;
  }

  /** Undefined where it is no JSON. The bytes are copied. Rejects with `gateway/masking-failed`. */
  async maskContent(content: RawContent): Promise<MaskedContent | undefined> {
    // Views of large shared buffers would be sent with all of them.
    const request = new Uint8Array(content.request);
    const answer = new Uint8Array(content.answer);
    const job: MaskingJob = { kind: "content", content: { ...content, request, answer } };
    const reply = await this.#ask(this.#queue, job, [request.buffer, answer.buffer]);
    if (reply.kind === "content") return reply.content;
    throw maskingFailed();
  }

  /** A masked copy of a small JSON value. Rejects with `gateway/masking-failed`. */
  async maskValue(value: unknown): Promise<unknown> {
    const reply = await this.#ask(this.#urgent, { kind: "value", value }, []);
    if (reply.kind === "value") return reply.value;
    throw maskingFailed();
  }

  /** What waits is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = [...this.#urgent.splice(0), ...this.#queue.splice(0)];
    await this.#stop();
    for (const { reject } of waiting) reject(maskingFailed());
  }

  #ask(queue: Waiting[], job: MaskingJob, transfer: readonly ArrayBuffer[]): Promise<MaskingReply> {
    if (this.#closed) return Promise.reject(maskingFailed());
    return new Promise((resolve, reject) => {
      queue.push({ job, transfer, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const next = this.#urgent.shift() ?? this.#queue.shift();
    if (next === undefined) return this.#worker?.unref();
    this.#current = next;
    try {
      this.#worker ??= this.#start();
      this.#worker.ref();
      this.#worker.postMessage(next.job, [...next.transfer]);
      this.#timer = setTimeout(() => void this.#stop(), this.#timeoutMs);
    } catch {
      void this.#stop();
    }
  }

  #start(): Worker {
    const worker = this.#createWorker();
    worker.on("message", (reply: MaskingReply) => {
      if (worker !== this.#worker) return;
      this.#settle()?.resolve(reply);
      this.#next();
    });
    const onDeath = (): void => {
      if (worker === this.#worker) void this.#stop();
    };
    worker.on("error", onDeath);
    worker.on("exit", onDeath);
    return worker;
  }

  #settle(): Waiting | undefined {
    const current = this.#current;
    clearTimeout(this.#timer);
    this.#current = undefined;
    return current;
  }

  async #stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#settle()?.reject(maskingFailed());
    await worker?.terminate();
    this.#next();
  }
}

function startWorker(): Worker {
  return new Worker(new URL("./masking-worker.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
}

function maskingFailed(): HomegrownError {
  return new HomegrownError({
    code: "gateway/masking-failed",
    kind: "unavailable",
    message: "Text could not be freed of secrets and personal data, so it was not kept.",
    hint: "Send less text at once, or try again later.",
  });
}
