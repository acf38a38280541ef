// OpenAI's older text completions.
import { logprobOf, openAiError, renderOpenAiUsage, toStop } from "./chat-completions.ts";
import { optional, refuseUnknown, toFlag, toInteger, toList, toNumber, toText } from "./check.ts";
import type { AnswerFacts, Body, ScriptedProtocol, WireEvent } from "./protocol.ts";
import { Refusal } from "./turn.ts";
import type { Turn } from "./turn.ts";

const KNOWN = new Set(
  `best_of echo frequency_penalty logit_bias logprobs max_tokens model n presence_penalty prompt seed stop stream
  stream_options suffix temperature top_p user`.split(/\s+/),
);

export const textCompletions: ScriptedProtocol = {
  name: "completions",
  path: "/v1/completions",
  read,
  numChoices: (body) => toPrompts(body["prompt"]).length * Number(body["n"] ?? 1),
  whole(facts) {
    const choices = facts.replies.map((reply, index) => ({
      index,
      text: reply.text.join(""),
      finish_reason: reply.finish === "length" ? "length" : "stop",
      logprobs: typeof facts.body["logprobs"] === "number" ? toLogprobs(reply.text) : null,
    }));
    return { ...head(facts), choices, ...(facts.usage && { usage: renderOpenAiUsage(facts.usage) }) };
  },
  events,
  error: openAiError,
  errorEvent: (failure) => `data: ${JSON.stringify(openAiError(failure))}\n\n`,
};

function read(body: Body): Turn {
  refuseUnknown(body, KNOWN);
  optional(body["temperature"], "temperature", toNumber(0, 2));
  optional(body["top_p"], "top_p", toNumber(0, 1));
  optional(body["n"], "n", toInteger(1, 128));
  optional(body["logprobs"], "logprobs", toInteger(0, 5));
  optional(body["echo"], "echo", toFlag);
  const prompts = toPrompts(body["prompt"]);
  return {
    model: toText(body["model"], "model"),
    userText: prompts[0]!,
    numInputCharacters: prompts.reduce((sum, prompt) => sum + prompt.length, 0),
    images: [],
    numFiles: 0,
    tools: [],
    toolChoice: "none",
    parallelCalls: false,
    toolResults: undefined,
    json: undefined,
    maxTokens: optional(body["max_tokens"], "max_tokens", toInteger(0, 2 ** 31)) ?? 16,
    stop: toStop(body["stop"]),
    reasons: false,
  };
}

function toPrompts(value: unknown): string[] {
  const list = typeof value === "string" ? [value] : toList(value, "prompt");
  if (list.length === 0) throw new Refusal("prompt: expected at least one", "prompt");
  return list.map((prompt) => (typeof prompt === "string" ? prompt : JSON.stringify(prompt)));
}

function head({ id, turn }: AnswerFacts): object {
  return { id: `cmpl-${id}`, object: "text_completion", created: 1_700_000_000, model: turn.model };
}

function toLogprobs(tokens: readonly string[]): object {
  let offset = 0;
  const offsets = tokens.map((token) => (offset += token.length) - token.length);
  return {
    tokens,
    token_logprobs: tokens.map((token) => logprobOf(token, 0)),
    top_logprobs: tokens.map((token) => ({ [token]: logprobOf(token, 0) })),
    text_offset: offsets,
  };
}

function events(facts: AnswerFacts): WireEvent[] {
  const shared = head(facts);
  const asksForUsage =
    (facts.body["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
  const list: WireEvent[] = [];
  const add = (choices: object[], tokens: number, usage: object | null = null): void => {
    const chunk = { ...shared, choices, ...(asksForUsage && { usage }) };
    list.push({ text: `data: ${JSON.stringify(chunk)}\n\n`, tokens });
  };
  facts.replies.forEach((reply, index) => {
    for (const text of reply.text) add([{ index, text, finish_reason: null, logprobs: null }], 1);
    add(
      [{ index, text: "", finish_reason: reply.finish === "length" ? "length" : "stop", logprobs: null }],
      0,
    );
  });
  if (asksForUsage && facts.usage) add([], 0, renderOpenAiUsage(facts.usage));
  list.push({ text: "data: [DONE]\n\n", tokens: 0 });
  return list;
}
