import type { ModelDirectory } from "@homegrown/contracts";
import type { GatewayLimits } from "./limits.ts";
import type { RequestRecord } from "./request-record.ts";

export interface GatewayOptions {
  directory: ModelDirectory;
  /** A loopback address or name: without keys the gateway listens nowhere else. Default 127.0.0.1. */
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

/** Serves the models of a directory over HTTP in OpenAI's protocol. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  throw new Error(`not there yet: ${options.host}`);
}
