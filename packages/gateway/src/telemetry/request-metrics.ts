// What each request adds to the metrics. A request finds its series by one key and then only adds numbers:
// this runs for every request, traced or not. Seen from its clients the gateway is a model server
// (`gen_ai.server.*`, one value a request), seen from providers a client (`gen_ai.client.*`, one an attempt).
import type { AttemptReport, RequestReport } from "../core/request-report.ts";
import type { Target } from "../core/target.ts";
import type { RequestRecord } from "../server/request-record.ts";
import {
  DURATION_BOUNDS,
  FIRST_TOKEN_BOUNDS,
  HTTP_DURATION_BOUNDS,
  OPERATION_OF_DIALECT,
  OWN_PROVIDER,
  PER_TOKEN_BOUNDS,
  TOKEN_BOUNDS,
} from "./gen-ai-names.ts";
import { Counter, Histogram } from "./instruments.ts";
import type { Attributes, CounterSeries, HistogramSeries, Instrument } from "./instruments.ts";
import { KnownNames, OTHER } from "./known-names.ts";

interface RequestSeries {
  duration: HistogramSeries;
  firstToken: HistogramSeries | undefined;
  perToken: HistogramSeries | undefined;
  cost: CounterSeries | undefined;
  unknownCost: CounterSeries | undefined;
  cacheHits: CounterSeries | undefined;
  refusals: CounterSeries | undefined;
  retries: CounterSeries | undefined;
  tokens: { [Kind in TokenKind]?: CounterSeries };
  attributes: Attributes;
}

type TokenKind = "cache_read" | "cache_write" | "reasoning" | "estimated_input" | "estimated_output";

interface AttemptSeries {
  duration: HistogramSeries;
  firstChunk: HistogramSeries | undefined;
  input: HistogramSeries | undefined;
  output: HistogramSeries | undefined;
  attributes: Attributes;
}

const NANO_PER_USD = 1e9;
/** Series are found again by a key; so many keys are remembered before all are looked up anew. */
const MAX_KEYS = 10_000;

const count = (name: string, what: string, description: string): Counter =>
  new Counter({ name, unit: `{${what}}`, description });
const seconds = (name: string, description: string, bounds: readonly number[]): Histogram =>
  new Histogram({ name, unit: "s", description }, bounds);

export class RequestMetrics {
  readonly #names: KnownNames;
  readonly #requests = new Map<string, RequestSeries>();
  readonly #attempts = new Map<string, AttemptSeries>();
  readonly #exchanges = new Map<string, HistogramSeries>();

  readonly #serverDuration = seconds(
    "gen_ai.server.request.duration",
    "Requests from admission to the last byte of the answer, over all attempts",
    DURATION_BOUNDS,
  );
  readonly #firstToken = seconds(
    "gen_ai.server.time_to_first_token",
    "Streamed requests until the first part of the answer",
    FIRST_TOKEN_BOUNDS,
  );
  readonly #perToken = seconds(
    "gen_ai.server.time_per_output_token",
    "Time for each output token after the first, of streamed answers",
    PER_TOKEN_BOUNDS,
  );
  readonly #clientDuration = seconds(
    "gen_ai.client.operation.duration",
    "Attempts at a target, failed ones included",
    DURATION_BOUNDS,
  );
  readonly #firstChunk = seconds(
    "gen_ai.client.operation.time_to_first_chunk",
    "Streamed attempts until the first chunk",
    DURATION_BOUNDS,
  );
  readonly #tokenUsage = new Histogram(
    {
      name: "gen_ai.client.token.usage",
      unit: "{token}",
      description: "Tokens that targets reported, by request",
    },
    TOKEN_BOUNDS,
  );
  readonly #http = seconds(
    "http.server.request.duration",
    "HTTP requests from header to last byte, those that were refused early included",
    HTTP_DURATION_BOUNDS,
  );
  readonly #cost = new Counter({
    name: "homegrown.cost",
    unit: "USD",
    description: "What requests cost, where prices are known",
  });
  readonly #unknownCost = count("homegrown.cost.unknown", "request", "Requests whose cost nobody knows");
  readonly #tokens = count(
    "homegrown.tokens",
    "token",
    "Tokens of special kinds: parts of input and output, and what the gateway counted itself",
  );
  readonly #cacheHits = count("homegrown.cache.hits", "request", "Requests answered from the answer cache");
  readonly #refusals = count("homegrown.refusals", "request", "Requests that no target was asked for");
  readonly #retries = count("homegrown.retries", "attempt", "Attempts after a request's first");

  constructor(names: KnownNames) {
    this.#names = names;
  }

  get instruments(): Instrument[] {
    return [
      this.#serverDuration,
      this.#firstToken,
      this.#perToken,
      this.#clientDuration,
      this.#firstChunk,
      this.#tokenUsage,
      this.#http,
      this.#cost,
      this.#unknownCost,
      this.#tokens,
      this.#cacheHits,
      this.#refusals,
      this.#retries,
    ];
  }

  /** One request that the core has finished, a mirrored copy included. */
  observe(report: RequestReport): void {
    const isNamed = this.#names.admits(report);
    const series = this.#seriesOf(report, isNamed);
    const { usage, latencyMs, firstByteMs, costNano } = report;
    const { estimated, cacheRead, cacheWrite, reasoning, output } = usage;
    series.duration.record(latencyMs / 1000);
    if (report.streamed && firstByteMs !== undefined) {
      (series.firstToken ??= this.#firstToken.with(series.attributes)).record(firstByteMs / 1000);
      if (output > 1 && report.outcome === "completed") {
        const perToken = (latencyMs - firstByteMs) / (output - 1) / 1000;
        (series.perToken ??= this.#perToken.with(series.attributes)).record(perToken);
      }
    }
    if (costNano === null) (series.unknownCost ??= this.#unknownCost.with(series.attributes)).add(1);
    else if (costNano > 0) (series.cost ??= this.#cost.with(series.attributes)).add(costNano / NANO_PER_USD);
    if (report.cached) (series.cacheHits ??= this.#cacheHits.with(series.attributes)).add(1);
    if (report.outcome === "refused") {
      (series.refusals ??= this.#refusals.with({ "error.type": report.errorCode ?? OTHER })).add(1);
    }
    if (report.attempts > 1)
      (series.retries ??= this.#retries.with(series.attributes)).add(report.attempts - 1);
    const last = report.attemptsMade.length - 1;
    for (let i = 0; i <= last; i++) this.#observeAttempt(report, i, isNamed, i === last);
    if (cacheRead + cacheWrite + reasoning > 0 || estimated) this.#addTokens(report, series);
  }

  /** One HTTP exchange, whatever it asked for. */
  observeExchange({ method, route, status, durationMs, error, inputTokens }: RequestRecord): void {
    const key = `${method}|${route}|${status}|${error?.code}`;
    let series = this.#exchanges.get(key);
    if (series === undefined) {
      series = this.#http.with({
        "http.request.method": METHODS.has(method) ? method : "_OTHER",
        ...(route !== "" && { "http.route": route }),
        ...(status !== 0 && { "http.response.status_code": status }),
        "url.scheme": "http",
        ...(error && { "error.type": error.code }),
      });
      remember(this.#exchanges, key, series);
    }
    series.record(durationMs / 1000);
    // What never reached the core: no key, no such path, no valid body. (The core notes tokens of all others.)
    if (error && inputTokens === undefined && error.kind !== "cancelled") {
      this.#refusals.with({ "error.type": error.code }).add(1);
    }
  }

  #seriesOf(report: RequestReport, isNamed: boolean): RequestSeries {
    const { dialect, alias, target, version, outcome, errorCode, streamed, cached, mirrorOf } = report;
    const shownAlias = isNamed ? alias : OTHER;
    const shownTarget = isNamed ? target?.id : undefined;
    const mirrored = mirrorOf !== undefined;
    const shownVersion = isNamed ? version : undefined;
    const key = `${dialect}|${shownAlias}|${shownTarget}|${shownVersion}|${outcome}|${errorCode}|${streamed}${cached}${mirrored}`;
    const known = this.#requests.get(key);
    if (known !== undefined) return known;
    const attributes: Attributes = {
      "gen_ai.operation.name": OPERATION_OF_DIALECT[dialect],
      "gen_ai.provider.name": target?.system ?? OWN_PROVIDER,
      "gen_ai.request.model": shownAlias,
      ...(shownVersion !== undefined && { "gen_ai.response.model": shownVersion }),
      "gen_ai.request.stream": streamed,
      ...(errorCode !== undefined && { "error.type": errorCode }),
      ...(shownTarget !== undefined && { "homegrown.target": shownTarget }),
      "homegrown.outcome": outcome,
      ...(mirrored && { "homegrown.mirrored": true }),
    };
    const series: RequestSeries = {
      duration: this.#serverDuration.with(attributes),
      firstToken: undefined,
      perToken: undefined,
      cost: undefined,
      unknownCost: undefined,
      cacheHits: undefined,
      refusals: undefined,
      retries: undefined,
      tokens: {},
      attributes,
    };
    remember(this.#requests, key, series);
    return series;
  }

  #observeAttempt(report: RequestReport, index: number, isNamed: boolean, isLast: boolean): void {
    const attempt = report.attemptsMade[index]!;
    const series = this.#attemptSeriesOf(report, attempt, isNamed);
    series.duration.record(attempt.durationMs / 1000);
    if (!isLast) return;
    const { firstByteMs, streamed, usage } = report;
    if (streamed && firstByteMs !== undefined) {
      const sinceAttempt = Math.max(0, firstByteMs - attempt.startedMs) / 1000;
      (series.firstChunk ??= this.#firstChunk.with(series.attributes)).record(sinceAttempt);
    }
    // The conventions want what was reported, not what somebody guessed; guesses are in `homegrown.tokens`.
    if (usage.estimated) return;
    if (usage.input > 0) (series.input ??= this.#usageOf(series.attributes, "input")).record(usage.input);
    if (usage.output > 0) (series.output ??= this.#usageOf(series.attributes, "output")).record(usage.output);
  }

  #attemptSeriesOf(
    { dialect, mirrorOf }: RequestReport,
    attempt: AttemptReport,
    isNamed: boolean,
  ): AttemptSeries {
    const { target, version, errorCode } = attempt;
    const mirrored = mirrorOf !== undefined;
    const shownVersion = isNamed ? version : undefined;
    const key = `${dialect}|${shownTargetOf(target, isNamed)}|${shownVersion}|${errorCode}|${mirrored}`;
    const known = this.#attempts.get(key);
    if (known !== undefined) return known;
    const attributes: Attributes = {
      "gen_ai.operation.name": OPERATION_OF_DIALECT[dialect],
      "gen_ai.provider.name": target.system,
      "gen_ai.request.model": isNamed ? target.model : OTHER,
      ...(shownVersion !== undefined && { "gen_ai.response.model": shownVersion }),
      ...(errorCode !== undefined && { "error.type": errorCode }),
      "homegrown.target": shownTargetOf(target, isNamed),
      ...(target.address && {
        "server.address": target.address.host,
        "server.port": target.address.port,
      }),
      ...(mirrored && { "homegrown.mirrored": true }),
    };
    const duration = this.#clientDuration.with(attributes);
    const series = { duration, firstChunk: undefined, input: undefined, output: undefined, attributes };
    remember(this.#attempts, key, series);
    return series;
  }

  #usageOf(attributes: Attributes, type: "input" | "output"): HistogramSeries {
    return this.#tokenUsage.with({ ...attributes, "gen_ai.token.type": type });
  }

  #addTokens({ usage }: RequestReport, { tokens, attributes }: RequestSeries): void {
    const add = (kind: TokenKind, amount: number): void => {
      if (amount === 0) return;
      tokens[kind] ??= this.#tokens.with({ ...attributes, "homegrown.token.kind": kind });
      tokens[kind].add(amount);
    };
    add("cache_read", usage.cacheRead);
    add("cache_write", usage.cacheWrite);
    add("reasoning", usage.reasoning);
    if (!usage.estimated) return;
    add("estimated_input", usage.input);
    add("estimated_output", usage.output);
  }
}

const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
]);

function shownTargetOf({ id, provider }: Target, isNamed: boolean): string {
  return isNamed ? id : `${provider}/${OTHER}`;
}

/** Keys of made-up methods, versions and codes must not fill the memory; the series behind them are bounded. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_KEYS) map.clear();
  map.set(key, value);
}
