// Clients of these tests: ask, read to the end or leave before it, and remember what they saw.
import { Agent } from "undici";
import type { Dispatcher } from "undici";
import { MAX_OUTPUT_TOKENS, toPrompt } from "./order.fixture.ts";
import type { Order } from "./order.fixture.ts";

export interface Question {
  key: string;
  alias: string;
  order: Order;
  stream?: boolean;
  /** Undefined: no limit is sent (messages always have one). */
  maxTokens?: number | undefined;
  protocol?: "openai" | "anthropic";
  /** Leaves after so many milliseconds, or with the first part of the answer. */
  leave?: number | "first-part";
  /** Takes the answer with pauses of so many milliseconds. */
  pauseMs?: number;
  padding?: string;
}

export interface Seen {
  id: string;
  /** 0: no answer. */
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Of an error. */
  code: string | undefined;
  /** The answer came to its proper end. */
  whole: boolean;
  left: boolean;
  sentAt: number;
  endedAt: number;
}

export class Clients {
  readonly #agent: Agent;

  constructor(connections = 256) {
    this.#agent = new Agent({ connections, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
  }

  async ask(gateway: string, question: Question): Promise<Seen> {
    const { order, leave } = question;
    const abort = new AbortController();
    const timer = typeof leave === "number" ? setTimeout(() => abort.abort(), leave) : undefined;
    const seen: Seen = {
      id: order.id,
      status: 0,
      headers: {},
      text: "",
      code: undefined,
      whole: false,
      left: false,
      sentAt: Date.now(),
      endedAt: 0,
    };
    try {
      const answer = await this.#agent.request({
        origin: gateway,
        signal: abort.signal,
        ...toRequest(question),
      });
      seen.status = answer.statusCode;
      seen.headers = answer.headers;
      for await (const part of answer.body) {
        seen.text += String(part);
        if (leave === "first-part" && seen.status === 200) abort.abort();
        if (question.pauseMs !== undefined) await new Promise((go) => setTimeout(go, question.pauseMs));
      }
      judge(seen);
    } catch {
      seen.left = abort.signal.aborted;
    }
    clearTimeout(timer);
    seen.endedAt = Date.now();
    return seen;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function toRequest(
  question: Question,
): Pick<Dispatcher.RequestOptions, "path" | "method" | "headers" | "body"> {
  const { key, alias, order, stream = false, maxTokens, protocol = "openai", padding } = question;
  const messages = [{ role: "user", content: toPrompt(order, padding) }];
  const common = { model: alias, messages, ...(stream && { stream }) };
  const headers = { "content-type": "application/json", "x-request-id": order.id };
  return protocol === "openai"
    ? {
        method: "POST",
        path: "/v1/chat/completions",
        headers: { ...headers, authorization: `Bearer ${key}` },
        body: JSON.stringify({
          ...common,
          ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
        }),
      }
    : {
        method: "POST",
        path: "/v1/messages",
        headers: { ...headers, "x-api-key": key, "anthropic-version": "2023-06-01" },
        body: JSON.stringify({ ...common, max_tokens: maxTokens ?? MAX_OUTPUT_TOKENS }),
      };
}

function judge(seen: Seen): void {
  const { status, text } = seen;
  if (status === 200) {
    seen.whole = text.startsWith("{") || /data: \[DONE\]\s*$|"message_stop"\}\s*$/.test(text);
    return;
  }
  const { error } = JSON.parse(text) as { error: { code?: string; type?: string } };
  seen.code = error.code ?? error.type;
}

/** Calls `ask` with 0 to `numRequests` - 1, `concurrency` at once. */
export async function askMany(
  numRequests: number,
  concurrency: number,
  ask: (number: number) => Promise<void>,
): Promise<void> {
  let number = 0;
  const client = async (): Promise<void> => {
    while (number < numRequests) await ask(number++);
  };
  await Promise.all(Array.from({ length: concurrency }, client));
}

/** Uniform in [0, 1), the same for the same seed, unlike for neighbouring ones (mulberry32). */
export function createDraw(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
