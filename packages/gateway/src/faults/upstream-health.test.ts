// What a broken upstream does beyond its own requests: to the clients' libraries, to the breaker, to memory.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { after, before, describe, it } from "node:test";
import Anthropic, { APIError as AnthropicError } from "@anthropic-ai/sdk";
import OpenAI, { APIError as OpenAIError } from "openai";
import { waitUntil } from "@homegrown/testing";
import { SHORT_TIMEOUTS, openRig } from "./fault-rig.fixture.ts";
import type { FaultRig } from "./fault-rig.fixture.ts";
import { FRONTS } from "./fronts.fixture.ts";

const [chat] = FRONTS;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const BREAKER = {
  failures: 3,
  ratio: 0.5,
  openMs: 150,
  maxOpenMs: 300,
  probes: 1,
  successes: 1,
  lastResort: 0,
};

describe("beside a broken upstream", () => {
  let rig: FaultRig;
  before(async () => {
    const closed = await freePort();
    rig = await openRig({
      models: ["flaky", "fault-endless"],
      config: (config) => ({
        ...config,
        providers: {
          ...config.providers,
          closed: { kind: "openai-compatible", baseUrl: `http://127.0.0.1:${closed}/v1` },
        },
        routes: {
          flaky: { targets: ["chat/flaky"], breaker: BREAKER, retry: { maxAttempts: 1 } },
          "flaky-or-other": { targets: ["chat/flaky", "anthropic/scripted"], breaker: BREAKER },
          retried: {
            targets: ["chat/fault-500-times-1"],
            retry: { maxAttempts: 2, sameTarget: 1, baseMs: 1, budgetRatio: 1 },
          },
          "nobody-listens": ["closed/any", "chat/scripted"],
        },
        defaults: {
          timeouts: { ...SHORT_TIMEOUTS, totalMs: 1_000 },
          retry: { maxAttempts: 2, sameTarget: 0 },
        },
      }),
      gateway: { limits: { maxAnswerBytes: MAX_ANSWER_BYTES } },
    });
  });
  after(() => rig.close());

  const ask = (model: string, stream = false) =>
    rig.post(chat!.path, chat!.body(model, "say: hello", stream));

  describe("the clients' own libraries", () => {
    const FAULTS = [
      "end-mid-stream",
      "half-event",
      "error-mid-stream",
      "reset-mid-stream",
      "hang-mid-stream",
    ];
    const REFUSALS: [fault: string, openAi: number, anthropic: number][] = [
      ["429-retry-after-7", 429, 429],
      ["529", 503, 529],
      ["200-error-json", 502, 529],
      ["hang-before-head", 504, 504],
    ];
    const question = [{ role: "user" as const, content: "say: the quick brown fox jumps over the dog" }];

    for (const provider of ["chat", "anthropic"]) {
      it(`throw their own error in the middle of a stream (${provider})`, async () => {
        const openai = new OpenAI({ baseURL: `${rig.gateway.url}/v1`, apiKey: rig.key, maxRetries: 0 });
        const anthropic = new Anthropic({ baseURL: rig.gateway.url, apiKey: rig.key, maxRetries: 0 });
        for (const fault of FAULTS) {
          const model = `${provider}/fault-${fault}`;
          const streams: [string, () => Promise<AsyncIterable<unknown>>, new (...args: never[]) => Error][] =
            [
              [
                "chat",
                () => openai.chat.completions.create({ model, messages: question, stream: true }),
                OpenAIError,
              ],
              [
                "messages",
                () => anthropic.messages.create({ model, messages: question, max_tokens: 99, stream: true }),
                AnthropicError,
              ],
            ];
          for (const [name, open, ErrorClass] of streams) {
            let numParts = 0;
            await assert.rejects(
              async () => {
                for await (const part of await open()) if (part !== undefined) numParts++;
              },
              (error: unknown) => error instanceof ErrorClass,
              `${name} of ${model}`,
            );
            assert.ok(numParts > 1, `${name} of ${model}: something came before`);
          }
          const response = await lastEvent(openai, model);
          assert.match(response, /error|failed/, `responses of ${model}`);
        }
      });
    }

    it("see the status and the hint of what was refused", async () => {
      for (const [fault, openAi, anthropicStatus] of REFUSALS) {
        const openai = new OpenAI({ baseURL: `${rig.gateway.url}/v1`, apiKey: rig.key, maxRetries: 0 });
        const anthropic = new Anthropic({ baseURL: rig.gateway.url, apiKey: rig.key, maxRetries: 0 });
        for (const stream of [false, true]) {
          await assert.rejects(
            openai.chat.completions.create({ model: `chat/fault-${fault}`, messages: question, stream }),
            { status: openAi },
          );
          await assert.rejects(
            anthropic.messages.create({
              model: `anthropic/fault-${fault}`,
              messages: question,
              max_tokens: 99,
              stream,
            }),
            { status: anthropicStatus },
          );
        }
      }
    });
  });

  it("one that failed before the first byte is tried again, and the answer is charged once", async () => {
    const answer = await rig.post(chat!.path, chat!.body("retried", "say: hello", false), {
      "x-request-id": "retried-once",
    });
    assert.equal(chat!.textOf(answer, false), "hello");
    const row = await rig.ledgerRow("retried-once");
    assert.deepEqual([row.outcome, row.attempts, row.usage.estimated], ["completed", 2, false]);
    const { models } = await rig.upstream.quiet();
    const { requests, faulted, completed } = models["fault-500-times-1"]!;
    assert.deepEqual([requests, faulted, completed], [2, 1, 1]);
  });

  it("where nobody listens the next target answers at once; alone it is 502", async () => {
    assert.equal(chat!.textOf(await ask("nobody-listens"), false), "hello");
    const alone = await ask("closed/any");
    assert.equal(alone.status, 502);
    assert.equal(chat!.errorOf(alone), "gateway/upstream-refused");
  });

  it("the breaker opens, spares the upstream, lets a probe through and closes", async () => {
    await rig.upstream.setFault("flaky", "500");
    for (let i = 0; i < BREAKER.failures; i++) assert.equal((await ask("flaky")).status, 502);
    const before = (await rig.upstream.counts()).requests;
    const refused = await ask("flaky");
    assert.equal(refused.status, 503, refused.text);
    assert.equal(chat!.errorOf(refused), "gateway/no-healthy-target");
    assert.equal(refused.headers["retry-after"], "1");
    assert.equal((await rig.upstream.counts()).requests, before, "it was not asked");
    assert.equal(chat!.textOf(await ask("flaky-or-other"), false), "hello", "another target stands in");
    assert.equal((await rig.upstream.counts()).models["flaky"]?.requests, BREAKER.failures);
    await delay(BREAKER.openMs * 1.3);
    assert.equal((await ask("flaky")).status, 502, "the probe fails");
    assert.equal((await ask("flaky")).status, 503, "and it is open again");
    await rig.upstream.setFault("flaky", "none");
    await delay(BREAKER.maxOpenMs * 1.3);
    assert.equal(chat!.textOf(await ask("flaky"), false), "hello", "the probe succeeds");
    const answers = await Promise.all([ask("flaky"), ask("flaky"), ask("flaky")]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
  });

  it("endless answers end, cost what was read, and leave no memory behind", async () => {
    await askForEndless(rig);
    const before = bytesHeld();
    await askForEndless(rig);
    await askForEndless(rig);
    // Each of the twelve read megabytes.
    assert.ok(bytesHeld() - before < 4 * MAX_ANSWER_BYTES, `${(bytesHeld() - before) / 1e6} MB more`);
  });

  it("no more of an answer is read than the limit says, passed through or translated", async () => {
    const [, messages] = FRONTS;
    for (const provider of ["chat", "anthropic"]) {
      const id = `large-${provider}`;
      const target = `${provider}/fault-endless`;
      const answer = await rig.post(messages!.path, messages!.body(target, "say: on and on", false), {
        ...messages!.headers,
        "x-request-id": id,
      });
      const { errorCode } = await rig.ledgerRow(id);
      // A busy machine may not read so much in the time that it has.
      const isLate = errorCode === "gateway/upstream-first-token-timeout";
      assert.equal(answer.status, isLate ? 504 : 502);
      assert.ok(isLate || errorCode === "gateway/upstream-too-large", errorCode);
    }
  });

  it("an endless stream ends with the time that a request has, at the client's pace", async () => {
    for (const front of FRONTS) {
      const id = `endless-${front.name}`;
      const body = front.body("chat/fault-endless", "say: on and on and on", true);
      const answer = await rig.post(front.path, body, { ...front.headers, "x-request-id": id });
      assert.match(front.brokenOf(answer), /longer than 1000 ms|longer than 8388608 bytes/);
      const row = await rig.ledgerRow(id);
      assert.deepEqual([row.outcome, row.usage.estimated], ["failed", true]);
    }
    await rig.upstream.quiet();
  });

  it("no timer stays behind", async () => {
    await rig.upstream.quiet();
    const idle = numTimers();
    await Promise.all(
      ["reset-before-head", "hang-before-head", "hang-mid-stream", "error-mid-stream", "429"].flatMap(
        (name) => [false, true].map((stream) => ask(`chat/fault-${name}`, stream)),
      ),
    );
    await waitUntil("the timers are gone", () => numTimers() <= idle, 3_000);
  });
});

it("a gateway that closes ends what runs past the drain, charges it, and blames nobody", async () => {
  const rig = await openRig({
    models: ["scripted-wait-5000", "scripted-pace-20"],
    config: (config) => ({ ...config, defaults: { retry: { maxAttempts: 3 } } }),
    gateway: { drainMs: 100 },
  });
  const bodies = [
    chat!.body("chat/scripted-wait-5000", "x", false),
    chat!.body("anthropic/scripted-wait-5000", "x", true),
    chat!.body("chat/scripted-pace-20", "repeat 400: word", true),
  ];
  const asked = bodies.map((body, index) =>
    rig.post(chat!.path, body, { "x-request-id": `closing-${index}` }),
  );
  let running = 0;
  while (running < bodies.length) ({ running } = await rig.upstream.counts());
  await rig.gateway.close();
  const [whole, waiting, streaming] = await Promise.all(asked);
  for (const answer of [whole!, waiting!]) {
    assert.deepEqual([answer.status, chat!.errorOf(answer)], [503, "gateway/draining"]);
  }
  assert.match(chat!.brokenOf(streaming!), /shutting down/);
  for (const index of bodies.keys()) {
    const row = await rig.ledgerRow(`closing-${index}`);
    assert.deepEqual([row.outcome, row.errorCode, row.attempts], ["failed", "gateway/draining", 1]);
    assert.ok(row.usage.estimated && row.usage.input > 0 && row.costNano! > 0);
  }
  assert.equal((await rig.upstream.quiet(1_000)).openConnections, 0);
  await rig.close();
});

/** The Responses library ends a broken stream by throwing, or with the failed response. */
async function lastEvent(client: OpenAI, model: string): Promise<string> {
  let last = "";
  try {
    const input = "say: the quick brown fox jumps over the dog";
    for await (const event of await client.responses.create({ model, input, stream: true, store: false })) {
      last = event.type;
    }
  } catch (error) {
    assert.ok(error instanceof OpenAIError, String(error));
    return "error";
  }
  return last;
}

async function askForEndless({ post, upstream }: FaultRig): Promise<void> {
  const answers = await Promise.all(
    FRONTS.flatMap((front) =>
      ["chat", "anthropic"].map((provider) =>
        post(
          front.path,
          front.body(`${provider}/fault-endless`, "say: on and on and on", false),
          front.headers,
        ),
      ),
    ),
  );
  for (const { status } of answers) assert.ok(status === 502 || status === 504);
  await upstream.quiet();
}

function numTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const collectGarbage = exposeGarbageCollector();

function exposeGarbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

function bytesHeld(): number {
  collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
