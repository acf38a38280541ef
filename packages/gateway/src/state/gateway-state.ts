// Everything that a running gateway shares with other processes, opened together: one instance, one writer, and
// what is built on it. Dead instances are looked for at the start and every few seconds.
import { Budgets } from "../budgets/budgets.ts";
import type { KeyLimits } from "../core/key.ts";
import { KeyRing } from "../keys/key-ring.ts";
import { Ledger } from "../ledger/ledger.ts";
import { findLeftOpen, recoverInstance } from "../ledger/recover.ts";
import { Limiter } from "../limits/limiter.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { InstanceWatch } from "./instances.ts";
import type { SeenInstance } from "./instances.ts";
import { StateWriter } from "./state-writer.ts";
import type { StateWriterOptions } from "./state-writer.ts";
import type { StateDatabase } from "./tables.ts";

export interface GatewayStateOptions {
  clock?: Clock;
  writer?: Omit<StateWriterOptions, "clock" | "onError">;
  /** How often changes of keys and budgets by other processes are looked for; default 500 ms. */
  pollMs?: number;
  /** How often dead instances are looked for; default 5 s. */
  watchMs?: number;
  teamLimits?: (team: string) => KeyLimits | undefined;
  /** Told of what the store refuses or does not answer; never holds a secret or a prompt. */
  onError?: (error: unknown) => void;
}

export class GatewayState {
  readonly writer: StateWriter;
  readonly keys: KeyRing;
  readonly limiter: Limiter;
  readonly budgets: Budgets;
  readonly ledger: Ledger;
  #database: StateDatabase;
  #clock: Clock;
  #watch: InstanceWatch;
  #timer: NodeJS.Timeout;
  #recovering: Promise<number> | undefined;

  /** `database` has the tables of `GATEWAY_MIGRATIONS`; it stays the caller's to close, after this. */
  static async open(database: StateDatabase, options: GatewayStateOptions = {}): Promise<GatewayState> {
    const { clock = SYSTEM_CLOCK, onError = () => {}, pollMs = 500 } = options;
    const writer = await StateWriter.open(database, { ...options.writer, clock, onError });
    const ledger = new Ledger(writer, clock);
    const budgets = await Budgets.open(database, writer, { clock, pollMs, onError });
    const keys = await KeyRing.open(database, { clock, pollMs, onError });
    const limiter = new Limiter({ clock, ...(options.teamLimits && { teamLimits: options.teamLimits }) });
    const state = new GatewayState(database, { writer, ledger, budgets, keys, limiter }, options);
    await state.recoverInterrupted();
    return state;
  }

  private constructor(
    database: StateDatabase,
    parts: Pick<GatewayState, "writer" | "ledger" | "budgets" | "keys" | "limiter">,
    options: GatewayStateOptions,
  ) {
    this.#database = database;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.writer = parts.writer;
    this.ledger = parts.ledger;
    this.budgets = parts.budgets;
    this.keys = parts.keys;
    this.limiter = parts.limiter;
    this.#watch = new InstanceWatch(database, this.#clock);
    const { watchMs = 5_000, onError = () => {} } = options;
    this.#timer = setInterval(() => void this.recoverInterrupted().catch(onError), watchMs).unref();
  }

  /**
   * Finds dead instances, marks and charges what they left open, and frees what they held. Returns how many
   * requests were marked. Called at the start and on a timer.
   */
  recoverInterrupted(): Promise<number> {
    this.#recovering ??= this.#recover().finally(() => (this.#recovering = undefined));
    return this.#recovering;
  }

  /** Writes what waits. Call when no request runs any more, and close the database afterwards. */
  async close(timeoutMs?: number): Promise<{ unwrittenRows: number }> {
    clearInterval(this.#timer);
    this.keys.close();
    this.budgets.close();
    await this.#recovering?.catch(() => {});
    return this.writer.close(timeoutMs);
  }

  async #recover(): Promise<number> {
    const { numLiving, dead } = await this.#watch.look(this.writer.instance);
    this.limiter.setInstances(numLiving);
    this.budgets.setInstances(numLiving);
    let numMarked = 0;
    for (const instance of [...dead, ...(await findLeftOpen(this.#database))] satisfies SeenInstance[]) {
      numMarked += (await recoverInstance(this.#database, this.#clock, instance)) ?? 0;
    }
    return numMarked;
  }
}
