import assert from "node:assert/strict";
import { test } from "node:test";
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import type { RequestRecord } from "@homegrown/gateway";
import { createServingLog, type ServingEvent } from "./serving-log.ts";

const NOW = new Date("2026-11-22T11:30:00.000Z");

const ANSWERED: RequestRecord = {
  requestId: "req_1",
  method: "POST",
  route: "/v1/chat/completions",
  status: 200,
  outcome: "completed",
  durationMs: 12.6,
  firstByteMs: 3.2,
  streamed: true,
  model: "first",
  version: "first@v2",
  inputTokens: 31,
  outputTokens: 48,
};
const REFUSED: RequestRecord = {
  requestId: "req_2",
  method: "POST",
  route: "",
  status: 400,
  outcome: "failed",
  durationMs: 1,
  streamed: false,
  error: { code: "gateway/invalid-json", kind: "invalid-input", message: "what the client said" },
};
const DOWN: RequestRecord = {
  ...REFUSED,
  requestId: "req_3",
  status: 503,
  error: { code: "serving/host-crashed", kind: "unavailable", message: "the process ended\n(SIGKILL)" },
};

function logged(json: boolean, write: (log: ReturnType<typeof createServingLog>) => void): string[] {
  const lines: string[] = [];
  write(createServingLog({ json, write: (line) => lines.push(line), now: () => NOW }));
  return lines;
}

test("every request is one line; a fault of ours has words, a client's fault only its code", () => {
  assert.deepEqual(
    logged(false, ({ request }) => [ANSWERED, REFUSED, DOWN].forEach(request)),
    [
      "2026-11-22T11:30:00.000Z req_1 POST /v1/chat/completions 200 first@v2 31+48 tokens 13 ms",
      "2026-11-22T11:30:00.000Z req_2 POST - 400 - 1 ms gateway/invalid-json",
      "2026-11-22T11:30:00.000Z req_3 POST - 503 - 1 ms serving/host-crashed: the process ended (SIGKILL)",
    ],
  );
});

test("with --json a request is one JSON value with the same facts", () => {
  const [answered, refused, down] = logged(true, ({ request }) =>
    [ANSWERED, REFUSED, DOWN].forEach(request),
  ).map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(answered, {
    time: NOW.toISOString(),
    event: "request",
    ...ANSWERED,
    durationMs: 13,
    firstByteMs: 3,
  });
  assert.deepEqual(refused?.["error"], { code: "gateway/invalid-json", kind: "invalid-input" });
  assert.deepEqual(down?.["error"], DOWN.error);
});

test("crash, restart, giving up, swap, refusal and skip are told in both forms", () => {
  const error = new HomegrownError({
    code: "registry/wrong-hash",
    kind: "corrupt",
    message: "model.gguf is not what was signed",
    hint: "Restore it.",
  });
  const events: ServingEvent[] = [
    { event: "host-start", modelId: "first", processId: 42, milliseconds: 300 },
    { event: "host-crash", modelId: "first", reason: "signal SIGKILL", attempt: 1, restartInMs: 100 },
    { event: "host-fail", modelId: "first", reason: "exit code 1" },
    { event: "version-swap", name: "first", from: "first@v1", to: "first@v2", milliseconds: 400 },
    { event: "version-refuse", name: "first", kept: "first@v1", refused: "first@v2", error },
    { event: "version-retire", name: "first", version: "first@v1" },
    { event: "model-skip", name: "other", version: "other@v1", error: toErrorRecord(error) },
    { event: "config-apply", file: "/g.ts", now: ["routes.fast added"], afterRestart: ["port"] },
    { event: "config-apply", file: "/g.ts", now: [], afterRestart: [] },
    { event: "config-refuse", file: "/g.ts", error: toErrorRecord(error) },
    { event: "worker-exit", processId: 7, reason: "SIGKILL", restartInMs: 100 },
    { event: "fault", error: toErrorRecord(error) },
  ];
  const readable = logged(false, ({ event }) => events.forEach(event));
  const words = [
    /first: process 42 is ready/,
    /SIGKILL.*next start in 100 ms/,
    /given up \(exit code 1\)/,
    /first@v2 answers now instead of first@v1/,
    /first@v2 was not loaded, first@v1 goes on; registry\/wrong-hash: model\.gguf/,
    /first@v1 has finished/,
    /other@v1 cannot be read, so the name is not served; registry\/wrong-hash/,
    /taken over: routes\.fast added; only after a restart: port/,
    /read again, nothing is different/,
    /last good configuration stays; registry\/wrong-hash/,
    /process 7 ended \(SIGKILL\); another starts in 100 ms/,
    /registry\/wrong-hash: model\.gguf/,
  ];
  assert.equal(readable.length, words.length);
  for (const [i, pattern] of words.entries()) assert.match(readable[i]!, pattern);
  const structured = logged(true, ({ event }) => events.forEach(event)).map(
    (line) => JSON.parse(line) as { event: string; error?: { message: string } },
  );
  assert.deepEqual(
    structured.map(({ event }) => event),
    events.map(({ event }) => event),
  );
  assert.equal(structured[4]?.error?.message, error.message);
});
