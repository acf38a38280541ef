// Everything that a provider can do wrong, for every front over both protocols of providers, whole and streamed:
// the client gets its own protocol's error, the ledger tells the truth, and nothing stays open.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FAULT_CASES } from "./fault-cases.fixture.ts";
import type { Expected } from "./fault-cases.fixture.ts";
import { openRig } from "./fault-rig.fixture.ts";
import type { FaultRig } from "./fault-rig.fixture.ts";
import { FRONTS } from "./fronts.fixture.ts";
import type { FrontUnderTest } from "./fronts.fixture.ts";

const TEXT = "the quick brown fox jumps over the lazy dog";
const PROVIDERS = ["chat", "anthropic"] as const;
const NANO_PER_INPUT = 1_000;
const NANO_PER_OUTPUT = 2_000;
const TIMEOUTS = new Set(["first-token-timeout", "stalled"]);

describe("faults of upstreams", () => {
  let rig: FaultRig;
  before(async () => {
    const models = Object.keys(FAULT_CASES).map((name) => `fault-${name}`);
    rig = await openRig({
      models,
      config: (config) => ({
        ...config,
        routes: Object.fromEntries(
          models.map((model) => [
            `fallback-${model}`,
            {
              targets: [`chat/${model}`, "anthropic/scripted"],
              retry: { maxAttempts: 2, sameTarget: 0 },
              // Each of these targets fails on purpose, many times.
              breaker: { failures: 100_000 },
            },
          ]),
        ),
      }),
    });
    // What is loaded with the first request of a kind takes longer than a first token is waited for.
    for (const front of FRONTS) {
      for (const provider of PROVIDERS) {
        await rig.post(front.path, front.body(`${provider}/scripted`, "x", true), front.headers);
      }
    }
  });
  after(async () => {
    const { redirected } = await rig.upstream.counts();
    assert.equal(redirected, 0, "no redirect was followed");
    await rig.gateway.close();
    const { openConnections } = await rig.upstream.counts();
    assert.equal(openConnections, 0, "the gateway has closed every connection");
    assert.deepEqual(rig.faults, []);
    await rig.close();
  });

  for (const [name, { whole, streamed }] of Object.entries(FAULT_CASES)) {
    it(`${name}: each front says so in its own words`, async () => {
      const checks = FRONTS.flatMap((front) =>
        PROVIDERS.flatMap((provider) =>
          [false, true].map((stream) =>
            checkOne({ rig, front, provider, name, stream, expected: stream ? streamed : whole }),
          ),
        ),
      );
      await Promise.all(checks);
      await rig.upstream.quiet();
    });
  }

  it("another target answers when nothing had been sent, and never afterwards", async () => {
    await rig.upstream.reset();
    for (const [name, { whole, streamed }] of Object.entries(FAULT_CASES)) {
      const checks = FRONTS.flatMap((front) =>
        [false, true].map(
          (stream) => () => checkFallback(rig, front, name, stream, stream ? streamed : whole),
        ),
      );
      // Megabytes one after another: the healthy target has to answer in time.
      if (name.includes("mb")) for (const check of checks) await check();
      else await Promise.all(checks.map((check) => check()));
    }
    await rig.upstream.quiet();
  });
});

interface Check {
  rig: FaultRig;
  front: FrontUnderTest;
  provider: (typeof PROVIDERS)[number];
  name: string;
  stream: boolean;
  expected: Expected;
}

async function checkOne({ rig, front, provider, name, stream, expected }: Check): Promise<void> {
  const id = `${name}.${front.name}.${provider}.${stream ? "streamed" : "whole"}`;
  const body = front.body(`${provider}/fault-${name}`, `say: ${TEXT}`, stream);
  const answer = await rig.post(front.path, body, { ...front.headers, "x-request-id": id });
  const row = await rig.ledgerRow(id);
  const { input, output, estimated } = row.usage;
  const code = row.errorCode?.replace("gateway/upstream-", "") ?? "";
  const isAnthropic = front.name === "messages";
  if (answer.status === 200 && expected.tolerated && row.outcome === "completed") {
    // The port reads what the passthrough refuses; then it must have read it right. Bytes that are no text are
    // replaced, as every reader of events replaces them.
    assert.equal(front.textOf(answer, stream).replace("\uFFFD(\uFFFD", ""), TEXT, id);
    return;
  }
  switch (expected.kind) {
    case "answered":
      assert.equal(front.textOf(answer, stream), TEXT, id);
      assert.deepEqual([row.outcome, estimated], ["completed", false], id);
      break;
    case "refused": {
      // On a slow machine ten megabytes may take longer than a first token is waited for.
      const usual = isAnthropic ? expected.anthropic : expected.openAi;
      assert.equal(answer.status, TIMEOUTS.has(code) ? 504 : usual, `${id}: ${answer.text}`);
      assert.ok(front.errorOf(answer) !== "", id);
      assert.equal(answer.headers["retry-after"], expected.retryAfter, id);
      assert.ok(expected.codes.includes(code), `${id}: ${code}`);
      assert.deepEqual([row.outcome, input, output, row.costNano], ["failed", 0, 0, 0], id);
      break;
    }
    case "broken":
      assert.ok(front.brokenOf(answer).length > 10, id);
      assert.equal(answer.text.includes("\uFFFD"), false, `${id}: a byte that is not UTF-8`);
      assert.ok(expected.codes.includes(code), `${id}: ${code}`);
      assert.deepEqual([row.outcome, estimated], ["failed", true], id);
      // About what was asked, and what had come: not more than a few tokens beside the upstream's own count.
      assert.ok(input >= 10 && input < 60, `${id}: ${input} input tokens`);
      assert.ok(output >= 1, id);
      break;
  }
  assert.equal(row.attempts, 1, id);
  assert.equal(row.costNano, input * NANO_PER_INPUT + output * NANO_PER_OUTPUT, id);
}

async function checkFallback(
  rig: FaultRig,
  front: FrontUnderTest,
  name: string,
  stream: boolean,
  expected: Expected,
): Promise<void> {
  const id = `fallback.${name}.${front.name}.${stream ? "streamed" : "whole"}`;
  const body = front.body(`fallback-fault-${name}`, `say: ${TEXT}`, stream);
  const answer = await rig.post(front.path, body, { ...front.headers, "x-request-id": id });
  const row = await rig.ledgerRow(id);
  const isPassed = front.name !== "messages";
  if (expected.kind === "refused" && expected.fallsBack && !(expected.tolerated && !isPassed)) {
    assert.equal(front.textOf(answer, stream), TEXT, `${id}: ${answer.text}`);
    assert.equal(row.target, "anthropic/scripted", id);
    assert.equal(answer.headers["x-homegrown-target"], "anthropic/scripted", id);
    assert.deepEqual([row.outcome, row.usage.estimated], ["completed", false], id);
    // A target that asked to be left alone is not asked first again so soon.
    assert.ok(row.attempts === 2 || (row.attempts === 1 && name.includes("retry-after")), id);
    assert.ok(row.usage.output >= 10, id);
    return;
  }
  assert.equal(row.attempts, 1, id);
  if (expected.kind === "broken" && row.outcome === "failed") assert.ok(front.brokenOf(answer), id);
}
