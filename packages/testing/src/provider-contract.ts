// What the core may expect of every kind of provider: the same question, asked in the provider's own protocol,
// gives the same parts, and every failure is told in one vocabulary. The answers are fixtures; see their README.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import type { ChatCall, ChatModel, ChatResult, ChatStreamPart } from "@homegrown/contracts";
import { readProviderFixtures } from "./provider-fixtures.ts";
import type { ExpectedUsage } from "./provider-fixtures.ts";
import { ProviderUpstream } from "./provider-upstream.ts";

export interface ProviderContractOptions {
  name: string;
  /** A folder of fixtures, with a slash at its end. */
  fixtures: URL;
  /** A chat model of this kind that calls a server at `origin`, with the key `PROVIDER_TEST_KEY`. */
  connect(origin: string, model: string): Promise<ChatModel>;
}

export const PROVIDER_TEST_KEY = "test-key-4f1d";
const TEXT = "The capital of France is Paris.";
const TOOL_INPUT = { city: "Paris", unit: "celsius" };
const QUESTION = "What is the capital of France?";
const SECRET_OF_PROVIDER = "do-not-log-this-message";

const CALL: ChatCall = {
  prompt: [
    { role: "system", content: "Answer in one sentence." },
    { role: "user", content: [{ type: "text", text: QUESTION }] },
  ],
  maxOutputTokens: 64,
  tools: [
    {
      type: "function",
      name: "get_weather",
      description: "The weather of a city",
      inputSchema: {
        type: "object",
        properties: { city: { type: "string" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
        required: ["city"],
      },
    },
  ],
};

const FAULT_OF_STATUS: readonly (readonly [number, string])[] = [
  [400, "rejected"],
  [401, "unauthenticated"],
  [403, "unauthenticated"],
  [404, "not-found"],
  [429, "rate-limited"],
  [500, "server-error"],
  [503, "overloaded"],
  [529, "overloaded"],
];

/** Registers the suite with `node:test`. */
export function providerContract({ name, fixtures: folder, connect }: ProviderContractOptions): void {
  describe(`provider contract: ${name}`, () => {
    const upstream = new ProviderUpstream();
    const fixtures = readProviderFixtures(folder);
    const { exchange } = fixtures;
    const json = { "content-type": "application/json" };
    const events = { "content-type": fixtures.streamContentType };
    let model: ChatModel;
    before(async () => {
      model = await connect(await upstream.start(), exchange.model);
    });
    after(() => upstream.stop());

    const checkRequest = (streamed: boolean): void => {
      const request = upstream.requests.at(-1)!;
      assert.equal(request.method, "POST");
      assert.equal(request.path, streamed ? (exchange.streamPath ?? exchange.path) : exchange.path);
      for (const [header, expected] of Object.entries(exchange.headers)) {
        const value = request.headers[header];
        if (expected.startsWith("/")) assert.match(String(value), new RegExp(expected.slice(1, -1)), header);
        else assert.equal(value, expected, header);
      }
      const members = streamed ? (exchange.streamBody ?? exchange.body) : exchange.body;
      for (const [path, expected] of Object.entries(members)) {
        assert.deepEqual(valueAt(request.body, path), expected, path);
      }
      const sent = JSON.stringify(request.body);
      assert.ok(
        sent.includes(QUESTION) && sent.includes("get_weather"),
        "the question or the tool was not sent",
      );
    };

    describe("whole answers", () => {
      it("give the text, the usage and why they ended", async () => {
        upstream.script({ headers: json, body: fixtures.text });
        const result = await model.doGenerate(CALL);
        checkRequest(false);
        assert.equal(textOf(result), TEXT);
        assert.equal(result.finishReason.unified, "stop");
        checkUsage(result.usage, exchange.usage);
      });

      it("give tool calls with arguments that are JSON", async () => {
        upstream.script({ headers: json, body: fixtures.tools });
        const result = await model.doGenerate(CALL);
        const calls = result.content.filter((part) => part.type === "tool-call");
        assert.equal(calls.length, 1);
        assert.equal(calls[0]!.toolName, "get_weather");
        assert.notEqual(calls[0]!.toolCallId, "");
        assert.deepEqual(JSON.parse(calls[0]!.input), TOOL_INPUT);
        assert.equal(result.finishReason.unified, "tool-calls");
      });
    });

    describe("streams", () => {
      for (const pieceBytes of [undefined, 5] as const) {
        it(`give text in pieces${pieceBytes === undefined ? "" : ", whatever the network cuts them into"}`, async () => {
          upstream.script({ headers: events, body: fixtures.stream, ...(pieceBytes && { pieceBytes }) });
          const parts = await readStream(model);
          checkRequest(true);
          const deltas = parts.filter((part) => part.type === "text-delta");
          assert.equal(deltas.map((part) => part.delta).join(""), TEXT);
          assert.ok(deltas.length > 1, "one piece only");
          const finish = parts.at(-1)!;
          assert.equal(finish.type, "finish");
          assert.equal(finish.finishReason.unified, "stop");
          checkUsage(finish.usage, exchange.streamUsage ?? exchange.usage);
        });
      }

      it("give tool calls", async () => {
        upstream.script({ headers: events, body: fixtures.streamTools });
        const parts = await readStream(model);
        const calls = parts.filter((part) => part.type === "tool-call");
        assert.equal(calls.length, 1);
        assert.equal(calls[0]!.toolName, "get_weather");
        assert.deepEqual(JSON.parse(calls[0]!.input), TOOL_INPUT);
        const finish = parts.at(-1)!;
        assert.equal(finish.type, "finish");
        assert.equal(finish.finishReason.unified, "tool-calls");
      });

      it("that break off end in an error, never as if they were complete", async () => {
        for (const ending of ["end", "cut"] as const) {
          const half = fixtures.stream.subarray(0, Math.floor(fixtures.stream.length / 2));
          upstream.script({ headers: events, body: half, ending });
          const parts = await readStream(model);
          assert.ok(!parts.some((part) => part.type === "finish"), `${ending}: finished`);
          const last = parts.at(-1)!;
          assert.equal(last.type, "error");
          const { fault } = last.error as { fault?: string };
          assert.ok(
            ["cut-short", "reset", "malformed"].includes(fault!),
            `${ending}: ${inspect(last.error)}`,
          );
        }
      });
    });

    describe("failures", () => {
      for (const [status, fault] of FAULT_OF_STATUS) {
        it(`with status ${status} are '${fault}', streamed or not`, async () => {
          upstream.script({ status, headers: { ...json, "retry-after": "7" }, body: fixtures.error });
          for (const ask of [() => model.doGenerate(CALL), () => model.doStream(CALL)]) {
            const error = await failureOf(ask());
            assert.equal(error.fault, fault, inspect(error));
            assert.equal(error.status, status);
            assert.equal(error.retryAfterMs, 7000);
            assertQuiet(error);
          }
          assert.equal(upstream.requests.length, 2, "a package tried again by itself");
        });
      }

      it("inside a success are failures", async () => {
        upstream.script({ headers: json, body: fixtures.error });
        const error = await failureOf(model.doGenerate(CALL));
        assert.ok(error.fault, inspect(error));
        assertQuiet(error);
      });

      it("of what is no answer at all are named", async () => {
        upstream.script({ headers: { "content-type": "text/html" }, body: "<html>hello</html>" });
        assert.equal((await failureOf(model.doGenerate(CALL))).fault, "malformed");
        assert.equal((await failureOf(model.doStream(CALL))).fault, "malformed");
        upstream.script({ headers: json, body: '{"half":' });
        assert.equal((await failureOf(model.doGenerate(CALL))).fault, "malformed");
        upstream.script({ status: 307, headers: { location: "http://127.0.0.1:1/" } });
        assert.equal((await failureOf(model.doGenerate(CALL))).fault, "redirect");
        upstream.script({ headers: json, body: "{", ending: "cut" });
        assert.equal((await failureOf(model.doGenerate(CALL))).fault, "reset");
      });
    });

    it("lets the connection go when a stream is no longer read", async () => {
      const body = fixtures.stream.subarray(0, Math.floor((fixtures.stream.length * 2) / 3));
      upstream.script({ headers: events, body, ending: "hang" });
      const { stream } = await model.doStream(CALL);
      for await (const part of stream) if (part.type === "text-delta") break;
      await upstream.clientLeft;
    });

    it("stops when it is no longer wanted, and lets the connection go", async () => {
      for (const body of [
        Buffer.alloc(0),
        fixtures.stream.subarray(0, Math.floor(fixtures.stream.length / 2)),
      ]) {
        const abort = new AbortController();
        const reason = new Error("the client left");
        upstream.script({ headers: events, body, ending: "hang" });
        const arrived = upstream.nextRequest();
        const reading = readStream(model, abort.signal);
        await arrived;
        const { clientLeft } = upstream;
        setTimeout(() => abort.abort(reason), 5);
        await assert.rejects(reading, (error) => error === reason);
        await clientLeft;
      }
    });
  });
}

async function readStream(model: ChatModel, abortSignal?: AbortSignal): Promise<ChatStreamPart[]> {
  const { stream } = await model.doStream({ ...CALL, ...(abortSignal && { abortSignal }) });
  const parts: ChatStreamPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

interface Failure extends Error {
  fault?: string;
  status?: number;
  retryAfterMs?: number;
}

async function failureOf(work: PromiseLike<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    return error as Failure;
  }
  throw new assert.AssertionError({ message: "it succeeded" });
}

/** What a log may show: neither the question, nor the key, nor the provider's own words about them. */
function assertQuiet(error: Failure): void {
  // `providerError` is kept for the client that asked; logs leave it out.
  const shown = inspect(
    { ...error, message: error.message, stack: error.stack, providerError: undefined, cause: error.cause },
    { depth: 9 },
  );
  for (const secret of [QUESTION, PROVIDER_TEST_KEY, SECRET_OF_PROVIDER]) {
    assert.ok(!shown.includes(secret), `the error shows "${secret}": ${shown}`);
  }
}

function textOf(result: ChatResult): string {
  return result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function checkUsage(usage: ChatResult["usage"], expected: ExpectedUsage): void {
  assert.equal(usage.inputTokens.total, expected.input, "input tokens");
  assert.equal(usage.outputTokens.total, expected.output, "output tokens");
  assert.equal(usage.inputTokens.cacheRead ?? 0, expected.cacheRead ?? 0, "input tokens from the cache");
  assert.equal(usage.outputTokens.reasoning ?? 0, expected.reasoning ?? 0, "reasoning tokens");
}

function valueAt(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split(".")) current = (current as Record<string, unknown> | undefined)?.[key];
  return current;
}
