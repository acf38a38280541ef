// Puts the gateway's parts together: own models and providers as targets, routes over them, accounts, the core,
// and the server before it.
import type { ModelDirectory } from "@homegrown/contracts";
import { Agent } from "undici";
import { NO_ACCOUNTS } from "../core/accounts.ts";
import { createCore } from "../core/serving/core.ts";
import { createTargets } from "../providers/target-factory.ts";
import { UndiciConnections } from "../providers/passthrough/undici-passthrough.ts";
import { HealthRegistry } from "../routing/health.ts";
import { createRouter } from "../routing/router.ts";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import type { GatewayLimits } from "../server/limits.ts";
import type { RequestRecord } from "../server/request-record.ts";
import { startServer } from "../server/start-server.ts";
import { createTargetSource } from "./gateway-targets.ts";

export interface GatewayOptions {
  /** Own models. */
  directory?: ModelDirectory;
  config?: any;
  /** Default 127.0.0.1; another only once a key exists. */
  host?: string;
  /** 0 (the default) takes a free port. */
  port?: number;
  /** Further names that a Host or Origin header may carry, for a reverse proxy on this machine. */
  allowedHosts?: readonly string[];
  limits?: Partial<GatewayLimits>;
  /** Called once when a request is over; holds no prompt and no answer. */
  onRequest?: (record: RequestRecord) => void;
  /** How long `close` lets running requests finish. Default 10 s. */
  drainMs?: number;
}

export interface Gateway {
  /** For example `http://127.0.0.1:8080`; OpenAI clients take `${url}/v1` as their base URL. */
  readonly url: string;
  readonly port: number;
  /** Refuses new connections, lets running requests finish within `drainMs`, then ends them. */
  close(): Promise<void>;
}

const DEFAULT_DRAIN_MS = 10_000;

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const config = options.config ?? {};
  const connections = new UndiciConnections();
  const dispatcher = new Agent({});
  const rented = await createTargets(config.providers ?? {}, {
    dispatcher,
    createPassthrough: (endpoint, target) => connections.createPassthrough({ ...endpoint, target }),
  });
  const targets = createTargetSource(options.directory, rented, {});
  const router = createRouter({
    routes: config.routes ?? {},
    defaults: config.defaults ?? { timeouts: {}, retry: {}, breaker: {} },
    exposeOwn: true,
    exposeTargets: false,
    targets,
    health: new HealthRegistry(),
  });
  const core = createCore({
    accounts: NO_ACCOUNTS,
    routing: { router },
    limits: {
      maxAnswerBytes: limits.maxAnswerBytes,
      maxEventBytes: limits.maxEventBytes,
      maxParallelChoices: limits.maxParallelChoices,
      maxRecordedBytes: limits.maxRecordedBytes,
    },
    listModels: async () => (await options.directory?.list()) ?? [],
    observe: () => {},
    caches: undefined,
    hooks: undefined,
    capture: undefined,
  });
  const server = await startServer({
    context: { core, responses: undefined },
    keys: undefined,
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    allowedHosts: options.allowedHosts ?? [],
    limits,
    pages: new Map([
      [
        "/healthz",
        {
          isPublic: true,
          render: ({ draining }) => ({
            status: draining ? 503 : 200,
            body: `{"status":"${draining ? "draining" : "ok"}"}`,
            contentType: "application/json",
          }),
        },
      ],
    ]),
    onRequest: options.onRequest,
    drainMs: options.drainMs ?? DEFAULT_DRAIN_MS,
  });
  return {
    url: server.url,
    port: server.port,
    async close() {
      await server.close();
      await connections.close({ force: true });
      await dispatcher.destroy();
    },
  };
}
