// What the processes that share a port say to each other. Configurations travel as they were read, so that all
// of them go by the same one.
import type { ErrorRecord } from "@homegrown/contracts";
import type { GatewayConfig } from "@homegrown/gateway";
import type { Listening } from "./open-gateway.ts";

export type ToWorker =
  | { type: "start"; home: string; host: string; port: number; json: boolean; config: GatewayConfig }
  | { type: "reload"; number: number; config: GatewayConfig }
  | { type: "drain" };

export type FromWorker =
  | { type: "listening"; listening: Listening }
  | { type: "failed"; error: ErrorRecord }
  | { type: "reloaded"; number: number; error?: ErrorRecord };
