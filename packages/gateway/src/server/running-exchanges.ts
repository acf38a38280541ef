import { Roster } from "../core/running/roster.ts";
import type { Exchange } from "./exchange.ts";

/** Requests in work, and whether more may come. */
export class RunningExchanges {
  readonly exchanges = new Roster<Exchange>();
  draining = false;
  #onEmpty: (() => void) | undefined;

  remove(exchange: Exchange): void {
    this.exchanges.remove(exchange);
    if (this.exchanges.size === 0) this.#onEmpty?.();
  }

  count(): { requests: number; streams: number } {
    let streams = 0;
    for (const exchange of this.exchanges.list()) if (exchange.isStreaming) streams++;
    return { requests: this.exchanges.size, streams };
  }

  /** True once nothing runs any more, false when `ms` went by first. */
  empty(ms: number): Promise<boolean> {
    if (this.exchanges.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, false);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
