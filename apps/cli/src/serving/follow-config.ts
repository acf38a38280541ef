// A running gateway follows its configuration: on a change of the file, and on SIGHUP. A bad one changes nothing.
import { isatty } from "node:tty";
import { toErrorRecord } from "@homegrown/contracts";
import { watchConfig } from "@homegrown/gateway";
import type { GatewayConfig } from "@homegrown/gateway";
import type { Configuration } from "../gateway/configuration.ts";
import type { ServingEvent } from "../terminal/serving-log.ts";
import { compareConfigs } from "./config-change.ts";

export interface FollowOptions {
  configuration: Configuration;
  /** Takes the new one over, or throws and goes on with the old one. */
  apply: (config: GatewayConfig) => Promise<void>;
  onEvent: (event: ServingEvent) => void;
}

/** Returns how to stop following; does nothing where there is no file. */
export function followConfig({ configuration, apply, onEvent }: FollowOptions): () => void {
  const { file, digest } = configuration;
  if (file === undefined || digest === undefined) return () => undefined;
  let current = configuration.config;
  const watcher = watchConfig(
    { config: current, path: file, digest },
    {
      async onChange({ config }) {
        await apply(config);
        onEvent({ event: "config-apply", file, ...compareConfigs(current, config) });
        current = config;
      },
      onError: (error) => onEvent({ event: "config-refuse", file, error: toErrorRecord(error) }),
    },
  );
  const stopListening = onHangUp(() => void watcher.reload());
  return () => {
    stopListening();
    watcher.close();
  };
}

/** SIGHUP asks for a reload, but for the one that a closing terminal sends: that one ends the program. */
function onHangUp(reload: () => void): () => void {
  const hadTerminal = isatty(0);
  const listener = (): void => {
    if (hadTerminal && !isatty(0)) process.kill(process.pid, "SIGTERM");
    else reload();
  };
  process.on("SIGHUP", listener);
  return () => void process.off("SIGHUP", listener);
}
