// One version with its host, counted: it ends when it is retired and its last lease is released.
import type { ModelLease } from "@homegrown/contracts";
import type { ModelHost } from "../host/model-host.ts";

export class RunningVersion {
  readonly #version: string;
  readonly #host: ModelHost;
  readonly #onEnd: () => void;
  readonly #idle: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #numLeases = 0;
  #end: Promise<void> | undefined;

  constructor(version: string, host: ModelHost, onEnd: () => void) {
    this.#version = version;
    this.#host = host;
    this.#onEnd = onEnd;
  }

  /** Undefined once retired. */
  lease(): ModelLease | undefined {
    if (this.#end !== undefined) return undefined;
    this.#numLeases += 1;
    let isHeld = true;
    return {
      version: this.#version,
      chat: this.#host.chat,
      completion: this.#host.completion,
      contextLength: this.#host.contextLength,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#numLeases -= 1;
        this.#checkIdle();
      },
    };
  }

  /** Gives no more leases; ends the host when all are released, or after `patienceMs`. */
  retire(patienceMs?: number): Promise<void> {
    this.#end ??= this.#idle.promise.then(() => this.#host.close()).finally(this.#onEnd);
    this.#checkIdle();
    const timer = patienceMs === undefined ? undefined : setTimeout(() => this.#idle.resolve(), patienceMs);
    return this.#end.finally(() => clearTimeout(timer));
  }

  #checkIdle(): void {
    if (this.#end !== undefined && this.#numLeases === 0) this.#idle.resolve();
  }
}
