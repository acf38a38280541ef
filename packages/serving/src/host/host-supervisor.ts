// Keeps one host child alive and knows which requests are in it. A crash fails what ran, at once and
// clearly; the child comes back after a pause that doubles, and requests that arrive meanwhile wait for it.
// A crash is forgiven when the next child has answered something.
import { fromErrorRecord } from "@homegrown/contracts";
import type { HomegrownError } from "@homegrown/contracts";
import { ChildLink } from "./child-link.ts";
import { Flight } from "./flight.ts";
import type { FlightMessage } from "./flight.ts";
import { hostClosed, hostCrashed, hostFailed, requestCancelled, requestTimedOut } from "./host-errors.ts";
import type {
  FromHost,
  GenerationRequest,
  HostCall,
  LoadOptions,
  LoadedModelInfo,
  ToHost,
} from "./messages.ts";
import type { HostEvent } from "./model-host.ts";

export interface SupervisorOptions {
  modelId: string;
  load: LoadOptions;
  beforeLoad: () => Promise<unknown>;
  startTimeoutMs: number;
  requestTimeoutMs: number;
  stallTimeoutMs: number;
  maxRestarts: number;
  onEvent: (event: HostEvent) => void;
}

export type GenerationMessage = Extract<FlightMessage, { type: "accepted" | "delta" | "finish" }>;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export class HostSupervisor {
  readonly #options: SupervisorOptions;
  readonly #flights = new Map<number, { flight: Flight; end(error?: HomegrownError): void }>();
  #nextId = 1;
  #link: ChildLink | undefined;
  /** Settles when the child that is being started is up, or will not be. */
  #starting: Promise<void> = Promise.resolve();
  #crashes = 0;
  #end: HomegrownError | undefined;
  #stall: NodeJS.Timeout | undefined;
  #pause: AbortController = new AbortController();

  private constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Throws what keeps the first child from starting; only later ones are tried again. */
  static async start(
    options: SupervisorOptions,
  ): Promise<{ supervisor: HostSupervisor; info: LoadedModelInfo }> {
    const supervisor = new HostSupervisor(options);
    const info = await supervisor.#open();
    return { supervisor, info };
  }

  get processId(): number | undefined {
    return this.#link?.processId;
  }

  /** `accepted`, then `delta`s, then `finish`. Leaving the loop early cancels the request in the host. */
  async *generate(request: GenerationRequest, signal?: AbortSignal): AsyncGenerator<GenerationMessage, void> {
    const flight = await this.#depart((id) => ({ type: "generate", id, request }), signal);
    try {
      for (;;) {
        const message = await flight.next();
        if (message.type !== "accepted" && message.type !== "delta" && message.type !== "finish") continue;
        yield message;
        if (message.type === "finish") return;
      }
    } finally {
      flight.land();
    }
  }

  async call(call: HostCall): Promise<unknown> {
    const flight = await this.#depart((id) => ({ type: "call", id, call }), undefined);
    try {
      for (;;) {
        const message = await flight.next();
        if (message.type === "result") return message.value;
      }
    } finally {
      flight.land();
    }
  }

  async close(): Promise<void> {
    this.#end ??= hostClosed(this.#options.modelId);
    this.#failFlights(this.#end);
    this.#pause.abort();
    await this.#starting;
    await this.#link?.close();
    this.#link = undefined;
  }

  /**
   * Sends a request off. It leaves the books when its last message arrives or it fails, not when somebody
   * looks: a reader that is slow or gone holds nothing up.
   */
  async #depart(
    message: (id: number) => ToHost,
    signal: AbortSignal | undefined,
  ): Promise<{ next(): Promise<FlightMessage>; land(): void }> {
    const { modelId, requestTimeoutMs } = this.#options;
    const id = this.#nextId++;
    const flight = new Flight();
    const timer = setTimeout(() => end(requestTimedOut(modelId, requestTimeoutMs)), requestTimeoutMs);
    const abort = (): void => end(requestCancelled(signal?.reason));
    let link: ChildLink | undefined;
    const end = (error?: HomegrownError): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if (error !== undefined) flight.fail(error);
      if (this.#flights.delete(id) && error !== undefined) link?.send({ type: "cancel", id });
      this.#watchStall();
    };
    try {
      if (signal?.aborted) throw requestCancelled(signal.reason);
      signal?.addEventListener("abort", abort, { once: true });
      link = await Promise.race([this.#available(), flight.failed]);
      this.#flights.set(id, { flight, end });
      this.#watchStall();
      link.send(message(id));
    } catch (error) {
      end();
      throw error;
    }
    return {
      next: async () => {
        const arrived = await flight.next();
        if (arrived.type === "error") throw fromErrorRecord(arrived.error);
        return arrived;
      },
      land: () => end(requestCancelled("the reader left")),
    };
  }

  async #available(): Promise<ChildLink> {
    await this.#starting;
    if (this.#end !== undefined) throw this.#end;
    return this.#link!;
  }

  #receive(message: FromHost): void {
    this.#watchStall();
    if (!("id" in message)) return;
    if (message.type === "finish" || message.type === "result") this.#crashes = 0;
    const entry = this.#flights.get(message.id);
    entry?.flight.push(message);
    if (message.type === "finish" || message.type === "result" || message.type === "error") entry?.end();
  }

  async #open(): Promise<LoadedModelInfo> {
    const { modelId, load, beforeLoad, startTimeoutMs, onEvent } = this.#options;
    const started = performance.now();
    await beforeLoad();
    const { link, info } = await ChildLink.open(modelId, load, startTimeoutMs, {
      message: (message) => this.#receive(message),
      ended: (reason) => this.#recover(reason),
    });
    this.#link = link;
    const milliseconds = Math.round(performance.now() - started);
    onEvent({ event: "host-start", modelId, processId: link.processId ?? 0, milliseconds });
    return info;
  }

  #recover(reason: string): void {
    this.#link = undefined;
    this.#failFlights(hostCrashed(this.#options.modelId, reason));
    this.#starting = this.#restart(reason);
  }

  /** Never rejects: a host that stays down is remembered in `#end`. */
  async #restart(firstReason: string): Promise<void> {
    const { modelId, maxRestarts, onEvent } = this.#options;
    let reason = firstReason;
    while (this.#end === undefined) {
      this.#crashes += 1;
      if (this.#crashes > maxRestarts) {
        this.#end = hostFailed(modelId, reason, this.#crashes);
        onEvent({ event: "host-fail", modelId, reason });
        return;
      }
      const restartInMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#crashes - 1), LONGEST_PAUSE_MS);
      onEvent({ event: "host-crash", modelId, reason, attempt: this.#crashes, restartInMs });
      await sleep(restartInMs, this.#pause.signal);
      if (this.#end !== undefined) return;
      try {
        await this.#open();
        return;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }

  #failFlights(error: HomegrownError): void {
    for (const { end } of this.#flights.values()) end(error);
  }

  /** A host with work that says nothing for too long hangs in native code, where no message reaches it. */
  #watchStall(): void {
    clearTimeout(this.#stall);
    if (this.#flights.size > 0)
      this.#stall = setTimeout(() => this.#link?.kill(), this.#options.stallTimeoutMs);
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
