// A few threads for hashing large files: gigabytes of weights must not stop the thread that serves requests,
// and several files use several cores. Threads start when needed and end when idle.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { HashRequest, HashResponse } from "./hash-worker.ts";

const MAX_THREADS = Math.min(4, availableParallelism());
const IDLE_MS = 1000;

interface Waiting {
  resolve(digest: string): void;
  reject(error: unknown): void;
}

class HashThread {
  readonly waiting = new Map<number, Waiting>();
  #worker = new Worker(new URL("./hash-worker.ts", import.meta.url));
  #lastId = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor() {
    this.#worker.on("message", (response: HashResponse) => this.#settle(response));
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("the hashing thread ended")));
  }

  hash(path: string): Promise<string> {
    clearTimeout(this.#idle);
    this.#worker.ref();
    this.#lastId += 1;
    const request: HashRequest = { id: this.#lastId, path };
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  #settle(response: HashResponse): void {
    const waiting = this.waiting.get(response.id);
    this.waiting.delete(response.id);
    if ("digest" in response) waiting?.resolve(response.digest);
    else waiting?.reject(Object.assign(new Error(response.failure.message), response.failure));
    if (this.waiting.size > 0) return;
    this.#worker.unref();
    this.#idle = setTimeout(() => {
      threads.delete(this);
      void this.#worker.terminate();
    }, IDLE_MS).unref();
  }

  #end(error: Error): void {
    threads.delete(this);
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

const threads = new Set<HashThread>();

/** Lower-case hex sha256 of the file, computed on the least busy thread. */
export function hashInThread(path: string): Promise<string> {
  let thread = [...threads].sort((a, b) => a.waiting.size - b.waiting.size)[0];
  if (thread === undefined || (thread.waiting.size > 0 && threads.size < MAX_THREADS)) {
    thread = new HashThread();
    threads.add(thread);
  }
  return thread.hash(path);
}
