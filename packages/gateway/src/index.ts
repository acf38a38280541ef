export { startGateway } from "./composition/start-gateway.ts";
export type { Gateway, GatewayOptions } from "./composition/start-gateway.ts";
export type { GatewayLimits } from "./server/limits.ts";
export type { RequestRecord } from "./server/request-record.ts";
