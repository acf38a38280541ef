export { startGateway } from "./composition/start-gateway.ts";
export type { Gateway, GatewayOptions } from "./composition/start-gateway.ts";
export { openGatewayDatabase } from "./composition/gateway-database.ts";
export type { GatewayDatabase, GatewayDatabaseLocation } from "./composition/gateway-database.ts";
export { createKey } from "./keys/key-admin.ts";
export { setBudget } from "./budgets/budget-admin.ts";
export type { GatewayLimits } from "./server/limits.ts";
export type { RequestRecord } from "./server/request-record.ts";
