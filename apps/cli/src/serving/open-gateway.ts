// Own models, state and gateway of one process, opened and closed together.
import { toErrorRecord } from "@homegrown/contracts";
import type { ModelDirectory } from "@homegrown/contracts";
import { boundHeap, listKeys, loadPricesOf, startGateway } from "@homegrown/gateway";
import type { Gateway, GatewayConfig, GatewayDatabase } from "@homegrown/gateway";
import { openState } from "../gateway/configuration.ts";
import type { ServingLog } from "../terminal/serving-log.ts";
import { LateOwnModels } from "./late-own-models.ts";

export interface OpenGatewayOptions {
  home: string;
  config: GatewayConfig;
  host: string;
  port: number;
  log: ServingLog;
  /** Whether this organisation's own models are served too. */
  withOwnModels: boolean;
}

export interface Listening {
  url: string;
  /** Names that clients may ask for. */
  models: readonly string[];
  hasKeys: boolean;
  /** Where keys, budgets and ledger are; no password in it. */
  state: string;
}

export interface OpenedGateway {
  readonly gateway: Gateway;
  readonly listening: Listening;
  /** Lets running requests finish, writes what waits, and ends everything. */
  close(): Promise<void>;
}

export async function openGateway(options: OpenGatewayOptions): Promise<OpenedGateway> {
  const { home, config, host, port, log } = options;
  const onFault = (error: unknown): void => log.event({ event: "fault", error: toErrorRecord(error) });
  boundHeap();
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const directory = options.withOwnModels
      ? await LateOwnModels.open({ home, onEvent: log.event, onFault })
      : undefined;
    if (directory) opened.push(() => directory.close());
    const database = await openWhilePricesLoad(home, config);
    opened.push(() => database.close());
    const gateway = await startGateway({
      ...(directory && { directory }),
      database,
      config,
      host,
      port,
      onRequest: log.request,
      onFault,
    });
    opened.push(() => gateway.close());
    const listening: Listening = {
      url: gateway.url,
      models: await namesOf(config, directory),
      hasKeys: (await listKeys(database)).length > 0,
      state: database.location,
    };
    return { gateway, listening, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The database opens in a thread of its own; meanwhile this one loads what the gateway is about to ask for. */
async function openWhilePricesLoad(home: string, config: GatewayConfig): Promise<GatewayDatabase> {
  const [database] = await Promise.all([
    openState(home, config),
    // What cannot be loaded is told by who needs it.
    loadPricesOf(config.providers).catch(() => undefined),
  ]);
  return database;
}

async function namesOf(
  { routes, own }: GatewayConfig,
  directory: ModelDirectory | undefined,
): Promise<string[]> {
  const models = own.expose ? ((await directory?.list()) ?? []) : [];
  return [...new Set([...Object.keys(routes), ...models.map(({ id }) => id)])];
}
