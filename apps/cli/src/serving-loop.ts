import { once } from "node:events";
import type { ModelDirectory } from "@homegrown/contracts";
import { startGateway, type Gateway } from "@homegrown/gateway";
import type { Output } from "./terminal/output.ts";

export interface ServingLoop {
  directory: ModelDirectory;
  host: string;
  port: number;
  output: Output;
  signal: AbortSignal;
}

/** Opens the gateway, says where, and drains it when the signal comes. */
export async function serveUntilInterrupted(options: ServingLoop): Promise<void> {
  const { directory, host, port, output, signal } = options;
  const gateway: Gateway = await startGateway({
    directory,
    host,
    port,
    onRequest: ({ method, route, status, durationMs, model }) =>
      output.progress({
        event: "request",
        message: `${method} ${route} ${status} ${model ?? ""} ${Math.round(durationMs)} ms`,
      }),
  });
  try {
    const names = (await directory.list()).map(({ id }) => id);
    output.print(`Serving ${names.join(", ")} on ${gateway.url}/v1 (Ctrl+C stops)`);
    output.result({ url: gateway.url, models: names });
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await gateway.close();
  }
}
