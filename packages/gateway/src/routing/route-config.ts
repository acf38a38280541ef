// What a route may say, and what it means where it says nothing. Short forms are allowed wherever one value is
// enough: `fast: "openai/gpt-5-mini"`, `fast: ["openai/gpt-5-mini", "anthropic/claude-haiku-4-5"]`.
import { rightsSchema } from "@homegrown/contracts";
import { z } from "zod";
import { conditionsSchema } from "./conditions.ts";
import { resolveSettings, routeSettingsSchema } from "./route-settings.ts";
import type { RouteSettings } from "./route-settings.ts";

/** `provider/model`; the model's part may hold further slashes. */
export const targetIdSchema = z
  .string()
  .max(300)
  .regex(/^[^/\s]+\/\S+$/, "expected provider/model, for example openai/gpt-5-mini or own/first");

const weightedTargetSchema = z.union([
  targetIdSchema.transform((target) => ({ target, weight: 1, when: undefined })),
  z.strictObject({
    target: targetIdSchema,
    /** Relative to the others; only `weighted` reads it. 0 takes part only when the others fail. */
    weight: z.number().min(0).max(1e6).default(1),
    when: conditionsSchema.optional(),
  }),
]);
export type WeightedTarget = z.output<typeof weightedTargetSchema>;

const shadowSchema = z.strictObject({
  target: targetIdSchema,
  /** Of this route's requests, 0 to 1. */
  share: z.number().min(0).max(1),
  maxConcurrent: z.int().min(1).max(1000).default(4),
});
export type ShadowSettings = z.output<typeof shadowSchema>;

const answerCacheSchema = z.strictObject({
  ttlSeconds: z
    .number()
    .positive()
    .max(30 * 24 * 3600),
  maxEntries: z.int().min(1).max(1_000_000).default(10_000),
  maxBytes: z
    .int()
    .min(1024)
    .max(2 ** 34)
    .default(64 * 1024 * 1024),
  /** A longer answer is not kept. */
  maxAnswerBytes: z
    .int()
    .min(1)
    .max(2 ** 30)
    .default(1024 * 1024),
  /** `key`: nobody is answered with what another key asked for. */
  scope: z.enum(["key", "shared"]).default("key"),
  /** `deterministic`: only what was asked with temperature 0, and embeddings. */
  when: z.enum(["deterministic", "always"]).default("deterministic"),
});
export type AnswerCacheSettings = z.output<typeof answerCacheSchema>;

/** Which answers are kept for later, and for what; see `contracts` `RIGHTS`. */
export const captureSchema = z.union([
  rightsSchema.transform((right) => ({ right, override: undefined })),
  z.strictObject({
    right: rightsSchema,
    /** Lifts the limit that a rented model's terms set; both are written to every record. */
    override: z
      .strictObject({ by: z.string().min(1).max(200), reason: z.string().min(1).max(1000) })
      .optional(),
  }),
]);
export type CaptureSettings = z.output<typeof captureSchema>;

/** Names of `hooks`, in the order in which they run. */
const hookNamesSchema = z.array(z.string().min(1)).max(20);

/** What holds for every route that does not say otherwise, and for targets that clients name directly. */
export const routeDefaultsSchema = z.strictObject({
  capture: captureSchema.optional(),
  hooks: hookNamesSchema.default([]),
  ...routeSettingsSchema.shape,
});
export type RouteDefaults = z.output<typeof routeDefaultsSchema>;

export const STRATEGIES = ["fallback", "weighted", "lowest-latency", "cheapest"] as const;
export type Strategy = (typeof STRATEGIES)[number];

const fullRouteSchema = z
  .strictObject({
    targets: z.array(weightedTargetSchema).min(1).max(100),
    strategy: z.enum(STRATEGIES).default("fallback"),
    /** Default: `conversation` for `weighted`, else `off`. */
    sticky: z.enum(["conversation", "off"]).optional(),
    shadow: shadowSchema.optional(),
    cache: answerCacheSchema.optional(),
    capture: captureSchema.optional(),
    hooks: hookNamesSchema.optional(),
    ...routeSettingsSchema.shape,
  })
  .superRefine((route, context) => {
    if (route.sticky === "conversation" && ["lowest-latency", "cheapest"].includes(route.strategy)) {
      const message = `${route.strategy} chooses anew for each request: use the strategy weighted, or leave sticky out`;
      context.addIssue({ code: "custom", path: ["sticky"], message });
    }
    if (route.strategy === "weighted" && route.targets.every(({ weight }) => weight === 0)) {
      context.addIssue({ code: "custom", path: ["targets"], message: "every weight is 0: give one more" });
    }
  });
/** A route as written, its short forms spelled out. */
export type RouteConfig = z.output<typeof fullRouteSchema>;

export const routeSchema = z.union([
  targetIdSchema.transform((target) => fullRouteSchema.parse({ targets: [target] })),
  z
    .array(weightedTargetSchema)
    .min(1)
    .max(100)
    .transform((targets) => fullRouteSchema.parse({ targets })),
  fullRouteSchema,
]);

/** A route with nothing left open. */
export interface Route extends Omit<RouteConfig, keyof RouteSettings | "sticky" | "hooks">, RouteSettings {
  sticky: "conversation" | "off";
  hooks: readonly string[];
}

export function resolveRoute(route: RouteConfig, defaults: RouteDefaults): Route {
  const capture = route.capture ?? defaults.capture;
  return {
    ...route,
    ...resolveSettings(defaults, route),
    ...(capture !== undefined && { capture }),
    hooks: route.hooks ?? defaults.hooks,
    sticky: route.sticky ?? (route.strategy === "weighted" ? "conversation" : "off"),
  };
}
