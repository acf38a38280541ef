import { once } from "node:events";
import type { ModelDirectory } from "@homegrown/contracts";
import type { Gateway } from "@homegrown/gateway";
import type { Output } from "./terminal/output.ts";

export interface ServingLoop {
  directory: ModelDirectory;
  /** Listens already; drained and closed here. */
  gateway: Gateway;
  output: Output;
  signal: AbortSignal;
}

/** Says what is served where, and drains the gateway when the signal comes. */
export async function serveUntilInterrupted(options: ServingLoop): Promise<void> {
  const { directory, gateway, output, signal } = options;
  try {
    const names = (await directory.list()).map(({ id }) => id);
    output.print(`Serving ${names.join(", ")} on ${gateway.url}/v1 (Ctrl+C stops)`);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await gateway.close();
  }
}
