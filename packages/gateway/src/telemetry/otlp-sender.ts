// Bytes to a collector over OTLP/HTTP. https://opentelemetry.io/docs/specs/otlp/#otlphttp
import { HomegrownError } from "@homegrown/contracts";
import { Agent } from "undici";

export interface OtlpSenderOptions {
  /** Base address, with or without a path; `/v1/traces` and `/v1/metrics` are appended. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  timeoutMs?: number;
}

export type Signal = "traces" | "metrics";

const DEFAULT_TIMEOUT_MS = 10_000;
/** By the standard these may go better later; every other refusal would come again. */
const TRANSIENT: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class OtlpSender {
  readonly #origin: string;
  readonly #basePath: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  /** Two connections: traces do not wait for metrics. */
  readonly #agent = new Agent({ connections: 2, connect: { timeout: 5_000 }, keepAliveTimeout: 30_000 });

  constructor({ endpoint, headers, timeoutMs = DEFAULT_TIMEOUT_MS }: OtlpSenderOptions) {
    const { origin, pathname } = new URL(endpoint);
    this.#origin = origin;
    this.#basePath = pathname.replace(/\/+$/, "");
    this.#headers = { ...headers, "content-type": "application/json" };
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with `gateway/telemetry-refused` or `gateway/telemetry-unreachable` (retryable where it may help). */
  async send(signal: Signal, body: string): Promise<void> {
    const status = await this.#post(signal, body);
    if (status >= 200 && status < 300) return;
    throw new HomegrownError({
      code: "gateway/telemetry-refused",
      kind: "unavailable",
      message: `The telemetry collector answered ${signal} with the status ${status}.`,
      hint: "Check the address and the headers of 'telemetry' in the configuration, and the collector's log.",
      retryable: TRANSIENT.has(status),
    });
  }

  async #post(signal: Signal, body: string): Promise<number> {
    try {
      const answer = await this.#agent.request({
        origin: this.#origin,
        path: `${this.#basePath}/v1/${signal}`,
        method: "POST",
        headers: this.#headers,
        body,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      // What it says is of no use here; a body that never ends is broken off.
      await answer.body.dump({ limit: 65_536 });
      return answer.statusCode;
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : "no answer in time";
      throw new HomegrownError({
        code: "gateway/telemetry-unreachable",
        kind: "unavailable",
        message: `The telemetry collector could not be reached with ${signal} (${reason}).`,
        hint: "Check 'telemetry.otlpEndpoint' in the configuration, and whether the collector runs.",
        retryable: true,
      });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
