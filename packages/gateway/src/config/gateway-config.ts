// The whole configuration of a gateway, as people write it in `homegrown.config.ts`. Everything has a default
// but providers and routes; secrets are named, never written.
import { z } from "zod";
import { hooksSchema } from "../hooks/hook-config.ts";
import { providersConfigSchema } from "../providers/provider-config.ts";
import { routeDefaultsSchema, routeSchema } from "../routing/route-config.ts";
import type { RouteDefaults } from "../routing/route-config.ts";
import {
  captureDefaultsSchema,
  hostNameSchema,
  ownModelsSchema,
  responsesSchema,
  serverLimitsSchema,
  stateSchema,
  teamSchema,
  telemetrySchema,
} from "./server-settings.ts";

/** What clients send as `model`: one word of printable ASCII, so that it can stand in a header and in a log. */
const aliasSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, "must be 1 to 200 printable characters without spaces");

export const gatewayConfigSchema = z.strictObject({
  providers: providersConfigSchema.default({}),
  routes: z.record(aliasSchema, routeSchema).default({}),
  /** What holds for routes that do not say otherwise. */
  defaults: routeDefaultsSchema.omit({ capture: true }).prefault({}),
  own: ownModelsSchema.prefault({}),
  /** Clients may name any target of any provider as `provider/model`, without a route. */
  exposeTargets: z.boolean().default(false),
  hooks: hooksSchema.default({}),
  teams: z.record(z.string().min(1).max(200), teamSchema).default({}),
  limits: serverLimitsSchema.default({}),
  capture: captureDefaultsSchema.prefault({}),
  responses: responsesSchema.prefault({}),
  telemetry: telemetrySchema.prefault({}),
  state: stateSchema.prefault({}),
  host: z.string().min(1).max(253).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(8080),
  /** Further names that Host and Origin headers may carry. */
  allowedHosts: z.array(hostNameSchema).max(1000).default([]),
  /** Processes that answer requests. More than one pays off only with as many free cores. */
  processes: z.int().min(1).max(256).default(1),
  /** How long a stop lets running requests finish. */
  drainMs: z.int().min(0).max(600_000).default(10_000),
});

/** As written. */
export type GatewayConfigInput = z.input<typeof gatewayConfigSchema>;
/** As read: defaults filled in, short forms spelled out. */
export type GatewayConfig = z.output<typeof gatewayConfigSchema>;

/** What the router takes for granted where a route is silent. */
export function routeDefaultsOf(config: GatewayConfig): RouteDefaults {
  return { ...config.defaults, capture: { right: config.capture.right, override: undefined } };
}
