// Puts the gateway's parts together: own models and providers as targets, routes over them, accounts, the core,
// and the server before it.
import { HomegrownError } from "@homegrown/contracts";
import type { ModelDirectory } from "@homegrown/contracts";
import { AnswerCaches } from "../answer-cache/answer-caches.ts";
import type { CaptureStats } from "../capture/capture-store.ts";
import type { GatewayConfig, GatewayConfigInput } from "../config/gateway-config.ts";
import { parseConfig } from "../config/parse-config.ts";
import { NO_ACCOUNTS } from "../core/accounts.ts";
import type { KeyLimits } from "../core/key.ts";
import { createCore } from "../core/serving/core.ts";
import type { RouteDescription } from "../routing/compiled-route.ts";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import type { GatewayLimits } from "../server/limits.ts";
import type { RequestRecord } from "../server/request-record.ts";
import { startServer } from "../server/start-server.ts";
import type { HttpServer } from "../server/start-server.ts";
import { GatewayState } from "../state/gateway-state.ts";
import type { GatewayStateOptions } from "../state/gateway-state.ts";
import { createResponseStore } from "../stored-responses/create-response-store.ts";
import type { ResponseStore } from "../stored-responses/response-store.ts";
import { createTelemetry } from "../telemetry/create-telemetry.ts";
import { createAliasCheck } from "./alias-check.ts";
import { ConfiguredRouting } from "./configured-routing.ts";
import type { GatewayDatabase } from "./gateway-database.ts";
import { createCapturing } from "./create-capturing.ts";
import { createModelList } from "./model-list.ts";
import { createPages } from "./pages.ts";
import { createStateAccounts } from "./state-accounts.ts";

export interface GatewayOptions {
  /** Own models. */
  directory?: ModelDirectory;
  /** As written by `defineConfig`, or as read. Default: own models under their names, and nothing else. */
  config?: GatewayConfigInput | GatewayConfig;
  /** Keys, budgets, ledger. Without it anybody on this machine may ask, and nothing is counted. Stays the caller's. */
  database?: GatewayDatabase;
  /** Default 127.0.0.1; an address that others reach only once a key exists. */
  host?: string;
  /** 0 (the default) takes a free port. */
  port?: number;
  /** Further names that a Host or Origin header may carry, for a reverse proxy on this machine. */
  allowedHosts?: readonly string[];
  limits?: Partial<GatewayLimits>;
  /** Called once when a request is over; holds a prompt and an answer only with `telemetry.logPrompts`. */
  onRequest?: (record: RequestRecord) => void;
  /** Told of what fails beside requests: the store, background work. Holds no secret and no prompt. */
  onFault?: (error: unknown) => void;
  /** How long `close` lets running requests finish. Default 10 s. */
  drainMs?: number;
  /** How the database is written and watched; the clock is for tests. */
  state?: Pick<GatewayStateOptions, "clock" | "writer" | "pollMs" | "watchMs">;
}

export interface Gateway {
  /** For example `http://127.0.0.1:8080`; OpenAI clients take `${url}/v1` as their base URL, Anthropic's this. */
  readonly url: string;
  readonly port: number;
  /** Each route with its targets and their health. */
  routes(): readonly RouteDescription[];
  /** What was kept of requests and what was not; undefined without a database. */
  captures(): CaptureStats | undefined;
  /** Takes a new configuration over. Throws `gateway/config-invalid` and goes on with the old one. */
  reload(config: GatewayConfigInput | GatewayConfig): Promise<void>;
  /** Refuses new connections, lets running requests finish within `drainMs`, writes what waits. Idempotent. */
  close(): Promise<void>;
}

const DEFAULT_DRAIN_MS = 10_000;
/** Of a prompt or an answer in logs and traces: finished spans wait in memory for their collector. */
const LOGGED_CONTENT_CHARS = 8192;

/**
 * Serves own and rented models over HTTP. Throws `gateway/config-invalid`, `gateway/loopback-only`,
 * `gateway/port-in-use`, `gateway/port-forbidden`, `gateway/address-unavailable`, or what the database throws.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { directory, database, onFault = warn } = options;
  const config = parseConfig(options.config ?? {}, "the configuration");
  const limits = toLimits(config.limits, options.limits ?? {});
  const routing = await ConfiguredRouting.open(config, {
    directory,
    loadMasker,
    maxAnswerBytes: limits.maxAnswerBytes,
  });
  let server: HttpServer | undefined;
  let state: GatewayState | undefined;
  // First, because it may refuse its configuration, and then there is nothing to close.
  const telemetry = await createTelemetry(config.telemetry, {
    status: {
      activity: () => server?.activity() ?? { requests: 0, streams: 0 },
      routes: () => routing.router.describe(),
      store: () => state?.writer.health,
    },
    isConfigured: createAliasCheck(directory, routing),
    ...(config.processes > 1 && { prometheusLabels: { "homegrown.process": process.pid } }),
    onFault,
  });
  const teamLimits = (team: string): KeyLimits | undefined => limitsOfTeam(routing.config, team);
  state = database && (await GatewayState.open(database, { ...options.state, onError: onFault, teamLimits }));
  const responses = database && createResponses(database, config, onFault);
  const retentionDays = (): number => routing.config.capture.retentionDays;
  const capturing = database && state && createCapturing({ database, state, retentionDays, onFault });
  const caches = new AnswerCaches();
  const core = createCore({
    accounts: state ? createStateAccounts(state) : NO_ACCOUNTS,
    routing,
    limits,
    listModels: createModelList(directory, routing, state?.keys),
    observe: (report) => telemetry.observe(report),
    logContentChars: config.telemetry.logPrompts ? LOGGED_CONTENT_CHARS : undefined,
    caches,
    capture: capturing?.captures,
  });
  const closeParts = async (): Promise<void> => {
    // What one part cannot end must not keep the ledger from being written.
    for (const part of [routing, telemetry, responses, capturing]) await part?.close().catch(onFault);
    const { unwrittenRows } = (await state?.close()) ?? { unwrittenRows: 0 };
    if (unwrittenRows > 0) onFault(rowsLost(unwrittenRows));
  };
  server = await startServer({
    context: { core, responses, feedback: capturing?.feedback },
    keys: state?.keys,
    host: options.host ?? config.host,
    port: options.port ?? 0,
    allowedHosts: options.allowedHosts ?? config.allowedHosts,
    limits,
    pages: createPages({
      state,
      renderMetrics: config.telemetry.prometheus ? () => telemetry.renderPrometheus() : undefined,
      routes: () => routing.router.describe(),
    }),
    onRequest: options.onRequest,
    observer: telemetry,
    drainMs: options.drainMs ?? config.drainMs ?? DEFAULT_DRAIN_MS,
  }).catch(async (error: unknown) => {
    await closeParts();
    throw error;
  });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await server.close();
    await closeParts();
  };
  return {
    url: server.url,
    port: server.port,
    routes: () => routing.router.describe(),
    async reload(next) {
      await routing.apply(parseConfig(next, "the configuration"));
      caches.retain(new Set(routing.router.aliases));
    },
    captures: () => capturing?.captures.stats,
    close: () => (closed ??= close()),
  };
}

function toLimits(...layers: readonly Readonly<Record<string, number | undefined>>[]): GatewayLimits {
  const limits: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) if (value !== undefined) limits[name] = value;
  }
  return limits as unknown as GatewayLimits;
}

function limitsOfTeam({ teams }: GatewayConfig, team: string): KeyLimits | undefined {
  const limits = Object.hasOwn(teams, team) ? teams[team] : undefined;
  return limits as KeyLimits | undefined;
}

function createResponses(
  database: GatewayDatabase,
  { responses }: GatewayConfig,
  onFault: (error: unknown) => void,
): ResponseStore | undefined {
  if (!responses.store) return undefined;
  const { retentionDays } = responses;
  return createResponseStore({ database, retentionDays, onFault });
}

/** Detectors are loaded only where something masks: they cost a tenth of a second. */
async function loadMasker(): Promise<import("../hooks/hook.ts").JsonMasker> {
  const { createMasker } = await import("@homegrown/data");
  return createMasker();
}

function rowsLost(numRows: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/rows-lost",
    kind: "unavailable",
    message: `${numRows} rows of the ledger could not be written before the gateway closed`,
    hint: "Look at the database's disk and locks; the requests themselves were answered.",
  });
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error.message : String(error), { code: "HOMEGROWN_GATEWAY" });
}
