// The parts of the configuration that have no folder of their own.
import { rightsSchema } from "@homegrown/contracts";
import { z } from "zod";
import { modelSchema, secretSchema } from "../providers/provider-config.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;
const milliseconds = z.int().min(1).max(MAX_TIMER_MS);
const count = z.int().min(1).max(10_000_000);
const days = z.int().min(0).max(36_500);

/** Bounds of the server; see `server/limits.ts` for what they mean and their defaults. */
export const serverLimitsSchema = z
  .strictObject({
    maxBodyBytes: z
      .int()
      .min(1024)
      .max(2 ** 30),
    maxJsonDepth: z.int().min(8).max(1000),
    maxConcurrentRequests: count,
    maxConnections: count,
    maxChoices: count,
    maxParallelChoices: z.int().min(1).max(128),
    headersTimeoutMs: milliseconds,
    requestTimeoutMs: milliseconds,
    keepAliveTimeoutMs: milliseconds,
    clientStallMs: milliseconds,
    lingerMs: milliseconds,
  })
  .partial();

/** What all keys of a team may use together; a key's own limits come on top. */
export const teamSchema = z.strictObject({
  requestsPerMinute: count.optional(),
  tokensPerMinute: z.int().min(1).max(1e12).optional(),
  concurrentStreams: count.optional(),
});

/** What is kept of requests and answers for later use, where a route does not say. */
export const captureDefaultsSchema = z.strictObject({
  right: rightsSchema.default("metrics"),
  /** 0 keeps for ever. */
  retentionDays: days.default(30),
});

/** Responses that clients ask to be stored; never capture. */
export const responsesSchema = z.strictObject({
  store: z.boolean().default(true),
  retentionDays: days.min(1).default(30),
});

export const telemetrySchema = z.strictObject({
  /** Base address of an OTLP collector over HTTP; without one nothing is sent. */
  otlpEndpoint: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
  otlpHeaders: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), z.union([secretSchema, z.string().max(1024)]))
    .default({}),
  serviceName: z.string().min(1).max(100).default("homegrown-gateway"),
  traceSampleRatio: z.number().min(0).max(1).default(0.01),
  metricsIntervalMs: milliseconds.min(1000).default(60_000),
  /** Serves GET /metrics for Prometheus. */
  prometheus: z.boolean().default(true),
  /** Writes prompts and answers into traces and logs. Whoever reads those then reads them too. */
  logPrompts: z.boolean().default(false),
});

export const stateSchema = z.strictObject({
  /** The environment variable with the connection string; without one the state is in HOMEGROWN_HOME. */
  postgres: secretSchema.optional(),
  /** What a power loss may take of SQLite: nothing (`full`), or the last moments (`normal`). */
  synchronous: z.enum(["full", "normal"]).default("full"),
});

/** Models of this organisation. */
export const ownModelsSchema = z.strictObject({
  /** Each may be asked for by its own name, without a route. */
  expose: z.boolean().default(true),
  /** What they cost and can do, by name; without it they cost nothing and call no tools. */
  models: z.record(z.string().min(1).max(256), modelSchema).default({}),
});

/** A Host or Origin header's name, without a port. */
export const hostNameSchema = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9.:_-]+$|^\[[0-9A-Fa-f:.]+\]$/, "must be a host name or an address, without a port");
