// Requests that are over, as the core tells of them, for tests of what is kept.
import type { Rights } from "@homegrown/contracts";
import type { Dialect } from "../core/dialect.ts";
import type { CaptureFacts } from "../core/serving/core-options.ts";
import type { CaptureSettings } from "../routing/route-config.ts";

export interface FactsInput {
  id?: string;
  requestId?: string;
  at?: number;
  dialect?: Dialect;
  streamed?: boolean;
  request?: object;
  /** JSON, or events as they were sent. */
  answer?: object | string | Buffer;
  labels?: Record<string, string>;
  keyId?: string;
  consent?: Rights;
  policy?: CaptureSettings;
  terms?: Rights;
  own?: boolean;
  outcome?: "completed" | "failed";
  mirrorOf?: string;
}

let lastId = 0;

export function chatRequest(content: unknown = "hello"): object {
  return { model: "kept", messages: [{ role: "user", content }] };
}

export function chatAnswer(content = "Hi."): object {
  return { choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }] };
}

export function factsOf(input: FactsInput = {}): CaptureFacts {
  const { dialect = "openai/chat-completions", streamed = false, labels = {}, own = true } = input;
  const { request: body = chatRequest(), answer = chatAnswer(), policy } = input;
  const key = { id: input.keyId ?? "key-a", team: "red", rights: input.consent ?? "train" };
  const id = input.id ?? `1-${++lastId}`;
  const target = {
    id: own ? "own/first" : "rented/m",
    own,
    rights: input.terms ?? (own ? "train" : "evaluate"),
  };
  const bytes = { raw: Buffer.from(JSON.stringify(body)), contentType: "application/json", headers: {} };
  return {
    report: {
      entryId: id,
      requestId: input.requestId ?? `req-${id}`,
      key,
      alias: "kept",
      dialect,
      streamed,
      target,
      version: "first@1",
      outcome: input.outcome ?? "completed",
      startedAt: input.at ?? 1_800_000_000_000,
      mirrorOf: input.mirrorOf,
    },
    plan: { route: { capture: policy ?? { right: "train", override: undefined } } },
    request: { dialect, body, bytes, labels },
    answer: toBytes(answer),
  } as unknown as CaptureFacts;
}

export function toEvents(events: readonly object[]): string {
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}

function toBytes(answer: object | string | Buffer): Buffer {
  if (Buffer.isBuffer(answer)) return answer;
  return Buffer.from(typeof answer === "string" ? answer : JSON.stringify(answer));
}
