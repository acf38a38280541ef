// Hooks as the configuration states them: by name, for routes to refer to.
import { z } from "zod";
import { secretSchema } from "../providers/provider-config.ts";

/** What a webhook may hold up at most, and what one reads of its answer. */
const MAX_TIMEOUT_MS = 60_000;
const MAX_WORDS = 2000;

const when = {
  /** `before`: the request, before it is sent on. `after`: the answer. */
  on: z.enum(["before", "after", "both"]).default("before"),
  /**
   * Holds streamed answers back until they are complete, so that this hook can change or refuse them. Without
   * it a hook on answers sees a stream when the client has had it, and can only look on.
   */
  buffer: z.boolean().default(false),
};

const maskHookSchema = z.strictObject({ kind: z.literal("mask"), ...when });

const refuseHookSchema = z
  .strictObject({
    kind: z.literal("refuse"),
    ...when,
    /** Words or phrases, found in any text of a request or an answer. */
    words: z.array(z.string().trim().min(1).max(200)).min(1).max(MAX_WORDS),
    /** `word` finds only what stands between characters that are neither letters nor digits. */
    match: z.enum(["word", "anywhere"]).default("word"),
    /** Told to the client; must not repeat what was found. */
    reason: z.string().min(1).max(500).default("The request holds words that are not allowed here."),
  })
  .superRefine(({ on, buffer }, context) => {
    if (on === "before" || buffer) return;
    const message = "refuses answers, so streams must wait for it: set buffer to true, or on to before";
    context.addIssue({ code: "custom", path: ["buffer"], message });
  });

const webhookUrlSchema = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const fault =
      url === undefined || !/^https?:$/.test(url.protocol)
        ? "must be an http or https URL"
        : url.username !== "" || url.password !== ""
          ? "must not hold credentials; name them in 'secret'"
          : undefined;
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  });

const webhookHookSchema = z.strictObject({
  kind: z.literal("webhook"),
  ...when,
  url: webhookUrlSchema,
  timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).default(2_000),
  /** What happens to the request when the hook does not answer, or not sensibly. There is no default. */
  onFailure: z.enum(["allow", "refuse"]),
  /** Sent as `authorization: Bearer …`. */
  secret: secretSchema.optional(),
  /** A larger request or answer is not sent: that is a failure. */
  maxSentBytes: z
    .int()
    .min(1024)
    .max(2 ** 27)
    .default(4 * 1024 * 1024),
  /** A larger answer of the hook is a failure. */
  maxAnswerBytes: z
    .int()
    .min(64)
    .max(2 ** 27)
    .default(4 * 1024 * 1024),
});

export const hookSchema = z.discriminatedUnion("kind", [maskHookSchema, refuseHookSchema, webhookHookSchema]);
export type HookConfig = z.output<typeof hookSchema>;
export type RefuseConfig = z.output<typeof refuseHookSchema>;
export type WebhookConfig = z.output<typeof webhookHookSchema>;

export const hooksSchema = z.record(
  z.string().regex(/^[a-zA-Z0-9][\w-]{0,63}$/, "must be letters, digits, - and _"),
  hookSchema,
);
