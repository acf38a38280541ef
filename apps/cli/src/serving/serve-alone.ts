// One process that serves everything.
import { once } from "node:events";
import type { Configuration } from "../gateway/configuration.ts";
import type { ServingLog } from "../terminal/serving-log.ts";
import { followConfig } from "./follow-config.ts";
import { openGateway } from "./open-gateway.ts";
import type { Listening } from "./open-gateway.ts";

export interface ServeOptions {
  home: string;
  configuration: Configuration;
  host: string;
  port: number;
  log: ServingLog;
  signal: AbortSignal;
  onListening: (listening: Listening) => void;
}

/** Serves until the signal comes, then lets running requests finish and writes what waits. */
export async function serveAlone(options: ServeOptions): Promise<void> {
  const { home, configuration, host, port, log, signal } = options;
  const { config } = configuration;
  const opened = await openGateway({ home, config, host, port, log, withOwnModels: true });
  const stopFollowing = followConfig({
    configuration,
    apply: (next) => opened.gateway.reload(next),
    onEvent: log.event,
  });
  try {
    options.onListening(opened.listening);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    stopFollowing();
    await opened.close();
  }
}
