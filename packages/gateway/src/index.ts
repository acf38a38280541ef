export { startGateway } from "./server/start-gateway.ts";
export type { Gateway, GatewayOptions } from "./server/start-gateway.ts";
export type { GatewayLimits } from "./server/limits.ts";
export type { RequestRecord } from "./server/request-record.ts";
