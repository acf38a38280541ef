// Asks a server of the organisation. POST, JSON:
//   { phase: "before", requestId, alias, key: { id, name }, dialect, body }       the request
//   { phase: "after",  requestId, alias, key: { id, name }, dialect, answer }     the answer
// It answers 204 (allow) or 200 with JSON:
//   { action: "allow" } | { action: "refuse", reason? } | { action: "replace", body | answer }
// Anything else is a failure, and then the hook's `onFailure` holds. No redirect is followed, no more is read
// than the settings say, and neither the secret nor the address is in any error.
import { Agent, request } from "undici";
import type { Dispatcher } from "undici";
import { z } from "zod";
import type { WebhookConfig } from "./hook-config.ts";
import type { Hook, HookContext, HookFailure, HookPhase, HookVerdict } from "./hook.ts";
import { toPhases } from "./mask-hook.ts";

const DEFAULT_REASON = "The request was refused by a check of this organisation.";
const MAX_REASON = 500;
const MAX_CONNECTIONS = 64;

const answerSchema = z.discriminatedUnion("action", [
  z.object({ action: z.literal("allow") }),
  z.object({ action: z.literal("refuse"), reason: z.string().optional() }),
  z.object({
    action: z.literal("replace"),
    body: z.record(z.string(), z.unknown()).optional(),
    answer: z.record(z.string(), z.unknown()).optional(),
  }),
]);

class Failed extends Error {
  readonly failure: HookFailure;
  constructor(failure: HookFailure) {
    super(failure);
    this.failure = failure;
  }
}

export interface Webhooks {
  create(name: string, config: WebhookConfig, secret: string | undefined): Hook;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** Webhooks that share their connections. */
export function openWebhooks(): Webhooks {
  const agent = new Agent({ connections: MAX_CONNECTIONS, pipelining: 1 });
  return {
    create: (name, config, secret) => createWebhookHook(name, config, secret, agent),
    close: () => agent.destroy(),
  };
}

function createWebhookHook(
  name: string,
  config: WebhookConfig,
  secret: string | undefined,
  dispatcher: Dispatcher,
): Hook {
  const headers: Record<string, string> = { "content-type": "application/json", accept: "application/json" };
  if (secret !== undefined) headers["authorization"] = `Bearer ${secret}`;

  const call = async (phase: HookPhase, value: unknown, context: HookContext): Promise<HookVerdict> => {
    const { requestId, alias, key, dialect } = context;
    const about = { phase, requestId, alias, key: { id: key.id, name: key.name }, dialect };
    const body = Buffer.from(JSON.stringify({ ...about, [phase === "before" ? "body" : "answer"]: value }));
    if (body.length > config.maxSentBytes) throw new Failed("request-too-large");
    const deadline = AbortSignal.timeout(config.timeoutMs);
    const signal = AbortSignal.any([context.signal, deadline]);
    try {
      const response = await request(config.url, { method: "POST", headers, body, signal, dispatcher });
      const text = await readAnswer(response, config.maxAnswerBytes);
      return toVerdict(text, phase);
    } catch (error) {
      throw deadline.aborted && !(error instanceof Failed) ? new Failed("timeout") : error;
    }
  };

  return {
    name,
    phases: toPhases(config.on),
    buffer: config.buffer,
    observes: true,
    run: async (phase, value, context) => {
      try {
        return await call(phase, value, context);
      } catch (error) {
        context.signal.throwIfAborted();
        const failure = error instanceof Failed ? error.failure : "unreachable";
        return { action: "fail", failure, onFailure: config.onFailure };
      }
    },
  };
}

/** The answer's text; `""` for 204. */
async function readAnswer({ statusCode, body }: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  // Without a listener the error of a body that is thrown away would end the process.
  body.on("error", () => undefined);
  try {
    if (statusCode >= 300 && statusCode < 400) throw new Failed("redirect");
    if (statusCode !== 200 && statusCode !== 204) throw new Failed("status");
    const chunks: Buffer[] = [];
    let numBytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      numBytes += chunk.length;
      if (numBytes > maxBytes) throw new Failed("answer-too-large");
      chunks.push(chunk);
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    body.destroy();
    throw error instanceof TypeError ? new Failed("malformed") : error;
  }
}

function toVerdict(text: string, phase: HookPhase): HookVerdict {
  if (text === "") return { action: "allow" };
  const answer = answerSchema.safeParse(parseJson(text));
  if (!answer.success) throw new Failed("malformed");
  const { data } = answer;
  if (data.action === "allow") return { action: "allow" };
  if (data.action === "refuse") return { action: "refuse", reason: tidy(data.reason) };
  const value = phase === "before" ? data.body : data.answer;
  if (value === undefined) throw new Failed("malformed");
  return { action: "replace", value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** It goes to clients and into logs: one line, not endless. */
function tidy(reason: string | undefined): string {
  // oxlint-disable-next-line no-control-regex -- they are what is to go
  const line = (reason ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return line.slice(0, MAX_REASON) || DEFAULT_REASON;
}
