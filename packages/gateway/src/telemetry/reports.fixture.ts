// Finished requests as the core and the server report them.
import type { AttemptReport, RequestReport } from "../core/request-report.ts";
import type { Target } from "../core/target.ts";
import { NO_USAGE } from "../core/token-usage.ts";
import type { RequestRecord } from "../server/request-record.ts";
import { LOCAL_CALLER } from "../server/authentication.ts";

export function fakeTarget(id = "hosted/small", system = "openai"): Target {
  const slash = id.indexOf("/");
  return {
    id,
    provider: id.slice(0, slash),
    system,
    model: id.slice(slash + 1),
    own: false,
    rights: "evaluate",
    price: undefined,
    capabilities: { input: new Set(["text"]), tools: true, structuredOutput: true, logProbabilities: true },
    passthrough: () => undefined,
    acquire: () => Promise.reject(new Error("not in these tests")),
  };
}

export function fakeAttempt(given: Partial<AttemptReport> = {}): AttemptReport {
  const target = given.target ?? fakeTarget();
  return {
    target,
    version: target.model,
    passedThrough: true,
    startedMs: 1,
    durationMs: 40,
    errorCode: undefined,
    ...given,
  };
}

export function fakeReport(given: Partial<RequestReport> = {}): RequestReport {
  const target = "target" in given ? given.target : fakeTarget();
  const attemptsMade = given.attemptsMade ?? (target ? [fakeAttempt({ target })] : []);
  return {
    requestId: "req_1",
    entryId: "entry_1",
    key: LOCAL_CALLER,
    alias: "fast",
    dialect: "openai/chat-completions",
    streamed: false,
    target,
    version: target?.model,
    outcome: "completed",
    errorCode: undefined,
    usage: { ...NO_USAGE, input: 100, output: 20 },
    costNano: 2_000_000,
    startedAt: 1_700_000_000_000,
    latencyMs: 50,
    firstByteMs: 41,
    attempts: attemptsMade.length,
    attemptsMade,
    cached: false,
    mirrorOf: undefined,
    passedThrough: true,
    ...given,
  };
}

export function fakeRecord(given: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: "req_1",
    key: "abcdefgh",
    method: "POST",
    route: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    durationMs: 60,
    streamed: false,
    model: "fast",
    inputTokens: 100,
    outputTokens: 20,
    costUsd: 0.002,
    ...given,
  };
}
