// Which client was run against which provider protocol, through which front, and what is left out and why. The
// tests are made from this table, and `docs/clients.md` is written from it.
import type { Dialect } from "../core/dialect.ts";

export const FRONTS = {
  chat: { dialect: "openai/chat-completions", path: "/v1/chat/completions" },
  responses: { dialect: "openai/responses", path: "/v1/responses" },
  messages: { dialect: "anthropic/messages", path: "/v1/messages" },
} as const satisfies Record<string, { dialect: Dialect; path: string }>;
export type FrontName = keyof typeof FRONTS;

export const SCENARIOS = {
  plain: "a question and its answer, usage and reason to stop",
  limit: "an answer that a limit on tokens cuts short",
  stop: "stop sequences",
  tools: "one tool, then two at once, their results, and a last turn",
  image: "a PNG in the question",
  structured: "an answer held to a JSON schema",
  reasoning: "thoughts shown, and handed back with the results of a tool",
  errors: "401, 404, 400 and 429, with the client's own status",
  retry: "a 429 with Retry-After, after which the client asks again by itself",
  abort: "the client leaves in mid-stream, and the upstream is told",
} as const;
export type ScenarioName = keyof typeof SCENARIOS;

/** Where requests end up, and what they meet on the way. */
export interface Pairing {
  provider: string;
  /** The upstream's name for its model. */
  model: string;
  /** The endpoint that the upstream is asked at, for each front. */
  upstream: Readonly<Record<FrontName, FrontName>>;
  /** As in `fronts`, for those whose bytes pass the first gateway as they are. */
  passes: readonly FrontName[];
}

const everywhere = (front: FrontName): Pairing["upstream"] => ({
  chat: front,
  responses: front,
  messages: front,
});

export const PAIRINGS = {
  chat: {
    provider: "OpenAI-compatible, chat completions",
    model: "scripted",
    upstream: everywhere("chat"),
    passes: ["chat"],
  },
  responses: {
    // Whoever speaks Responses speaks chat completions too, so that front's bytes pass through.
    provider: "OpenAI, Responses",
    model: "gpt-5-scripted",
    upstream: { chat: "chat", responses: "responses", messages: "responses" },
    passes: ["chat", "responses"],
  },
  anthropic: {
    provider: "Anthropic-compatible, messages",
    model: "claude-sonnet-4-5-scripted",
    upstream: everywhere("messages"),
    passes: ["messages"],
  },
  "chain-chat": {
    provider: "a second gateway over OpenAI's protocols, which asks Anthropic's",
    model: "claude-sonnet-4-5-scripted",
    upstream: everywhere("messages"),
    passes: ["chat", "responses"],
  },
  "chain-messages": {
    provider: "a second gateway over Anthropic's protocol, which asks OpenAI's Responses",
    model: "gpt-5-scripted",
    upstream: everywhere("responses"),
    passes: ["messages"],
  },
} as const satisfies Record<string, Pairing>;
export type PairingName = keyof typeof PAIRINGS;

/** Pinned here, because they are no part of the main install. */
export const PYTHON_PACKAGES = [
  "openai==3.54.0",
  "anthropic==2.12.0",
  "langchain-openai==1.7.4",
  "langchain-anthropic==1.7.10",
] as const;
export const CODEX_PACKAGE = "@openai/codex@0.169.0";
/** Codex only streams, and runs its own conversation around a prompt. */
export const CODEX_SCENARIOS: readonly ScenarioName[] = ["tools", "image", "structured", "reasoning"];

export interface MatrixClient {
  /** Package and version, as installed. */
  package: string;
  front: FrontName;
  runsIn: "npm test" | "npm run test:interop";
  /** What it is not asked, and why. */
  leavesOut: Partial<Readonly<Record<ScenarioName, string>>>;
  /** Why it does not tell a stream's usage as it was told. */
  miscounts?: string;
}

/** Where a request meets OpenAI's Responses, `stop` is named in `x-homegrown-dropped`. */
export const NO_STOP = "the protocol has no stop sequences";
const NO_THOUGHTS = "the client does not read a chat completion's thoughts";

export const CLIENTS = {
  "openai, chat completions": {
    package: "openai",
    front: "chat",
    runsIn: "npm test",
    leavesOut: {},
  },
  "openai, responses": {
    package: "openai",
    front: "responses",
    runsIn: "npm test",
    leavesOut: { stop: NO_STOP },
  },
  "@anthropic-ai/sdk": {
    package: "@anthropic-ai/sdk",
    front: "messages",
    runsIn: "npm test",
    leavesOut: {},
  },
  "AI SDK, openai.chat": {
    package: "@ai-sdk/openai",
    front: "chat",
    runsIn: "npm test",
    leavesOut: { reasoning: NO_THOUGHTS },
  },
  "AI SDK, openai.responses": {
    package: "@ai-sdk/openai",
    front: "responses",
    runsIn: "npm test",
    leavesOut: { stop: NO_STOP },
  },
  "AI SDK, openai-compatible": {
    package: "@ai-sdk/openai-compatible",
    front: "chat",
    runsIn: "npm test",
    leavesOut: {},
  },
  "AI SDK, anthropic": {
    package: "@ai-sdk/anthropic",
    front: "messages",
    runsIn: "npm test",
    leavesOut: {},
  },
  "LangChain, ChatOpenAI": {
    package: "@langchain/openai",
    front: "chat",
    runsIn: "npm test",
    leavesOut: { reasoning: NO_THOUGHTS },
  },
  "LangChain, ChatOpenAI over responses": {
    package: "@langchain/openai",
    front: "responses",
    runsIn: "npm test",
    leavesOut: { stop: NO_STOP },
  },
  "LangChain, ChatAnthropic": {
    package: "@langchain/anthropic",
    front: "messages",
    runsIn: "npm test",
    leavesOut: {},
    miscounts:
      "takes a stream's input tokens from its first event alone, and adds output tokens that are told cumulatively",
  },
  "Python openai, chat completions": {
    package: "openai (PyPI)",
    front: "chat",
    runsIn: "npm run test:interop",
    leavesOut: {},
  },
  "Python openai, chat completions, async": {
    package: "openai (PyPI)",
    front: "chat",
    runsIn: "npm run test:interop",
    leavesOut: {},
  },
  "Python openai, responses": {
    package: "openai (PyPI)",
    front: "responses",
    runsIn: "npm run test:interop",
    leavesOut: { stop: NO_STOP },
  },
  "Python openai, responses, async": {
    package: "openai (PyPI)",
    front: "responses",
    runsIn: "npm run test:interop",
    leavesOut: { stop: NO_STOP },
  },
  "Python anthropic": {
    package: "anthropic (PyPI)",
    front: "messages",
    runsIn: "npm run test:interop",
    leavesOut: {},
  },
  "Python anthropic, async": {
    package: "anthropic (PyPI)",
    front: "messages",
    runsIn: "npm run test:interop",
    leavesOut: {},
  },
  "Python LangChain, ChatOpenAI": {
    package: "langchain-openai (PyPI)",
    front: "chat",
    runsIn: "npm run test:interop",
    leavesOut: { reasoning: NO_THOUGHTS },
  },
  "Python LangChain, ChatOpenAI over responses": {
    package: "langchain-openai (PyPI)",
    front: "responses",
    runsIn: "npm run test:interop",
    leavesOut: { stop: NO_STOP },
  },
  "Python LangChain, ChatAnthropic": {
    package: "langchain-anthropic (PyPI)",
    front: "messages",
    runsIn: "npm run test:interop",
    leavesOut: {},
  },
} as const satisfies Record<string, MatrixClient>;
export type ClientName = keyof typeof CLIENTS;

/** What a client is asked over one pairing, in the ways that make a difference. */
export function scenariosOf(
  client: MatrixClient,
  name: PairingName,
): { scenario: ScenarioName; streamed: boolean }[] {
  const pairing: Pairing = PAIRINGS[name];
  const names = (Object.keys(SCENARIOS) as ScenarioName[]).filter(
    (scenario) =>
      client.leavesOut[scenario] === undefined &&
      !(scenario === "stop" && pairing.upstream[client.front] === "responses"),
  );
  return names.flatMap((scenario) => waysOf(scenario, name).map((streamed) => ({ scenario, streamed })));
}

function waysOf(scenario: ScenarioName, pairing: PairingName): boolean[] {
  if (scenario === "abort") return [true];
  // It takes a second, and what tries again is the client, which sees no pairing.
  if (scenario === "retry") return pairing === "chat" ? [false] : pairing === "anthropic" ? [true] : [];
  return [false, true];
}
