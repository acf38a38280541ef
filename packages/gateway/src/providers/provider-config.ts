// What a configuration says of one provider. Secrets are named, never written: a configuration can be
// committed, diffed and shown.
import { z } from "zod";
import type { Modality } from "../core/target.ts";

export const MODALITIES = ["text", "image", "audio", "video", "file"] as const satisfies readonly Modality[];

const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|.*(api-?key|token|secret).*)$/i;
const REFERENCE_HINT =
  'must name an environment variable, as { "env": "NAME" }: secrets stay out of the file';

/** The name of an environment variable, read when the provider is used. */
export const secretSchema = z.strictObject(
  { env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be the name of an environment variable") },
  { error: (issue) => (issue.code === "invalid_type" ? REFERENCE_HINT : undefined) },
);
export type SecretReference = z.infer<typeof secretSchema>;

const baseUrlSchema = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const fault =
      url === undefined || !/^https?:$/.test(url.protocol)
        ? "must be an http or https URL, with the version in its path, for example https://api.openai.com/v1"
        : url.username !== "" || url.password !== ""
          ? "must not hold credentials; name them in 'apiKey'"
          : url.search !== "" || url.hash !== ""
            ? "must have neither query nor fragment"
            : undefined;
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  })
  .transform((text) => text.replace(/\/+$/, ""));

const headersSchema = z
  .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.union([z.string().max(4096), secretSchema]))
  .superRefine((headers, context) => {
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === "string" && SECRET_HEADER.test(name)) {
        context.addIssue({ code: "custom", path: [name], message: REFERENCE_HINT });
      } else if (typeof value === "string" && /[\r\n\0]/.test(value)) {
        context.addIssue({ code: "custom", path: [name], message: "must be one line" });
      }
    }
  });

const usd = z.number().nonnegative().max(1e6);
const count = z.int().positive();

/** In US dollars. What is left out costs nothing, except cache reads and writes: those default to input. */
const priceSchema = z.strictObject({
  inputUsdPerMillion: usd,
  outputUsdPerMillion: usd,
  cacheReadUsdPerMillion: usd.optional(),
  cacheWriteUsdPerMillion: usd.optional(),
  cacheWriteHourUsdPerMillion: usd.optional(),
  usdPerAudioMinute: usd.optional(),
  usdPerMillionCharacters: usd.optional(),
  usdPerRequest: usd.optional(),
  /** The day on which somebody looked. */
  asOf: z.iso.date(),
});
export type PriceConfig = z.infer<typeof priceSchema>;

/** What is known of one model beyond the catalogue, or against it. */
export const modelSchema = z.strictObject({
  /** The name under which the price catalogue knows it, where that differs (an Azure deployment). */
  catalogueName: z.string().min(1).max(256).optional(),
  price: priceSchema.optional(),
  contextTokens: count.optional(),
  maxOutputTokens: count.optional(),
  input: z.array(z.enum(MODALITIES)).nonempty().optional(),
  tools: z.boolean().optional(),
  structuredOutput: z.boolean().optional(),
  logProbabilities: z.boolean().optional(),
});
export type ModelConfig = z.infer<typeof modelSchema>;

const common = {
  baseUrl: baseUrlSchema.optional(),
  headers: headersSchema.optional(),
  /** What is known of single models; a model that is not listed can be used as well. */
  models: z.record(z.string().min(1).max(256), modelSchema).optional(),
};
const keyed = { ...common, apiKey: secretSchema };
/** Which of OpenAI's two protocols translated requests use. Reasoning with tools is richer in `responses`. */
const api = z.enum(["chat", "responses"]).optional();
const dnsLabel = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i, "must be one DNS label");
/** Many local servers ask for no key. */
const compatible = { ...common, baseUrl: baseUrlSchema, apiKey: secretSchema.optional() };

export const providerConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("openai"),
    ...keyed,
    api,
    organization: z.string().optional(),
    project: z.string().optional(),
  }),
  z
    .strictObject({
      kind: z.literal("azure"),
      ...keyed,
      api,
      resourceName: dnsLabel.optional(),
      /** A dated version uses deployment paths; without it Azure's `v1` API is called. */
      apiVersion: z
        .string()
        .regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/)
        .optional(),
    })
    .refine((config) => config.resourceName !== undefined || config.baseUrl !== undefined, {
      error: "needs 'resourceName' or 'baseUrl' (up to and including /openai)",
    }),
  z.strictObject({ kind: z.literal("anthropic"), ...keyed }),
  z.strictObject({ kind: z.literal("google"), ...keyed }),
  z
    .strictObject({
      kind: z.literal("vertex"),
      ...common,
      /** Express mode. Otherwise credentials, an access token, or what the machine provides. */
      apiKey: secretSchema.optional(),
      /** The JSON text of a file of credentials: a service account's key, or a federated identity. */
      credentials: secretSchema.optional(),
      accessToken: secretSchema.optional(),
      project: z
        .string()
        .regex(/^[a-z0-9:.-]{1,128}$/i)
        .optional(),
      location: dnsLabel.optional(),
    })
    .refine(
      (config) =>
        config.apiKey !== undefined || (config.project !== undefined && config.location !== undefined),
      {
        error: "needs 'apiKey' (express mode), or 'project' and 'location'",
      },
    ),
  z
    .strictObject({
      kind: z.literal("bedrock"),
      ...common,
      region: dnsLabel,
      /** A Bedrock API key, sent as a bearer token. Otherwise requests are signed (SigV4). */
      apiKey: secretSchema.optional(),
      accessKeyId: secretSchema.optional(),
      secretAccessKey: secretSchema.optional(),
      sessionToken: secretSchema.optional(),
    })
    .refine(
      ({ apiKey, accessKeyId, secretAccessKey }) =>
        apiKey !== undefined || (accessKeyId !== undefined && secretAccessKey !== undefined),
      { error: "needs 'apiKey', or 'accessKeyId' and 'secretAccessKey'" },
    ),
  z.strictObject({ kind: z.literal("mistral"), ...keyed }),
  z.strictObject({ kind: z.literal("groq"), ...keyed }),
  z.strictObject({ kind: z.literal("xai"), ...keyed }),
  z.strictObject({ kind: z.literal("deepseek"), ...keyed }),
  z.strictObject({ kind: z.literal("together"), ...keyed }),
  z.strictObject({ kind: z.literal("fireworks"), ...keyed }),
  z.strictObject({ kind: z.literal("cohere"), ...keyed }),
  z.strictObject({ kind: z.literal("openrouter"), ...keyed }),
  z.strictObject({
    kind: z.literal("openai-compatible"),
    ...compatible,
    /** Whether the server also speaks the Responses protocol. */
    responses: z.boolean().optional(),
    /** Whether it also has OpenAI's audio endpoints. */
    audio: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal("anthropic-compatible"), ...compatible }),
]);

export type ProviderConfig = z.infer<typeof providerConfigSchema>;
export type ProviderKind = ProviderConfig["kind"];
export type ProviderConfigOf<K extends ProviderKind> = Extract<ProviderConfig, { kind: K }>;

/** A provider's name becomes the first half of a target's id, and part of metrics' labels. */
const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;

export const providersConfigSchema = z
  .record(z.string(), providerConfigSchema)
  .superRefine((providers, context) => {
    for (const name in providers) {
      const message = !NAME.test(name)
        ? "must be named in lower-case letters, digits and hyphens"
        : name === "own"
          ? "must have another name: 'own' stands for this organisation's models"
          : undefined;
      if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
    }
  });
export type ProvidersConfig = z.infer<typeof providersConfigSchema>;
