// Limits of a key as its clients meet them: over HTTP, many at once, with the headers of both protocols.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ShownKey } from "../keys/key-admin.ts";
import type { Question, Seen } from "./client.fixture.ts";
import { MAX_OUTPUT_TOKENS, inputTokensOf, toPrompt } from "./order.fixture.ts";
import { Scene, createSqliteStore, providersOf } from "./scene.fixture.ts";

const PRICE = { input: 1, cacheRead: 1, output: 10 };
const REQUESTS = 30;
const TOKENS = 6000;
const STREAMS = 5;

let scene: Scene;
let gateway: string;
const keys = new Map<string, ShownKey>();

before(async () => {
  scene = await Scene.open(await createSqliteStore());
  keys.set("requests", await scene.createKey("requests", { limits: { requestsPerMinute: REQUESTS } }));
  keys.set("tokens", await scene.createKey("tokens", { limits: { tokensPerMinute: TOKENS } }));
  keys.set("streams", await scene.createKey("streams", { limits: { concurrentStreams: STREAMS } }));
  keys.set("team-a", await scene.createKey("team-a", { team: "search" }));
  keys.set("team-b", await scene.createKey("team-b", { team: "search" }));
  const child = await scene.startGateway({
    providers: providersOf(scene.upstream, { m: { price: PRICE, maxOutputTokens: MAX_OUTPUT_TOKENS } }),
    routes: { chat: "openai/m" },
    teams: { search: { requestsPerMinute: 10 } },
  });
  gateway = child.said;
});
after(() => scene.close());

function ask(name: string, id: string, more: Partial<Question> = {}): Promise<Seen> {
  const order = { id, output: 5, ...more.order };
  return scene.clients.ask(gateway, { key: keys.get(name)!.text, alias: "chat", ...more, order });
}

function askTogether(name: string, numRequests: number, more: Partial<Question> = {}): Promise<Seen[]> {
  return Promise.all(
    Array.from({ length: numRequests }, (_, n) =>
      ask(name, `${name}-${n}`, { ...more, protocol: n % 2 === 0 ? "openai" : "anthropic" }),
    ),
  );
}

const isAnthropic = ({ headers }: Seen): boolean =>
  headers["anthropic-ratelimit-requests-limit"] !== undefined;
const numberIn = ({ headers }: Seen, name: string): number => Number(headers[name]);

describe("requests per minute", () => {
  test("are admitted to the last one, however many come at once, and no more", async () => {
    const startedAt = performance.now();
    const seen = await askTogether("requests", 100);
    // The bucket refills while they run.
    const refilled = Math.ceil(((performance.now() - startedAt) / 60_000) * REQUESTS);
    const admitted = seen.filter(({ status }) => status === 200);
    assert.ok(admitted.length >= REQUESTS && admitted.length <= REQUESTS + refilled, String(admitted.length));
    const refused = seen.filter(({ status }) => status === 429);
    assert.equal(refused.length, 100 - admitted.length);
    for (const one of refused) {
      assert.equal(one.code, isAnthropic(one) ? "rate_limit_error" : "rate_limit_exceeded");
      const seconds = numberIn(one, "retry-after");
      // One request in two seconds.
      assert.ok(seconds >= 1 && seconds <= 2, `retry after ${seconds} s`);
    }
  });

  test("are told to each protocol's clients in its own headers", async () => {
    const seen = await askTogether("requests", 2);
    const [openAi, anthropic] = seen as [Seen, Seen];
    assert.equal(openAi.headers["x-ratelimit-limit-requests"], String(REQUESTS));
    assert.equal(openAi.headers["x-ratelimit-remaining-requests"], "0");
    // Whole again within a minute.
    assert.match(String(openAi.headers["x-ratelimit-reset-requests"]), /^(?:5\d(?:\.\d+)?s|1m0s)$/);
    assert.equal(openAi.headers["x-ratelimit-limit-tokens"], undefined);
    assert.equal(anthropic.headers["anthropic-ratelimit-requests-limit"], String(REQUESTS));
    assert.equal(anthropic.headers["anthropic-ratelimit-requests-remaining"], "0");
    const resetsAt = Date.parse(String(anthropic.headers["anthropic-ratelimit-requests-reset"]));
    assert.ok(resetsAt > Date.now() + 50_000 && resetsAt < Date.now() + 62_000);
    assert.equal(anthropic.headers["x-ratelimit-limit-requests"], undefined);
  });

  test("of a team are shared by its keys", async () => {
    const seen = await Promise.all([askTogether("team-a", 20), askTogether("team-b", 20)]);
    const numAdmitted = seen.flat().filter(({ status }) => status === 200).length;
    assert.ok(numAdmitted >= 10 && numAdmitted <= 12, String(numAdmitted));
  });
});

describe("tokens per minute", () => {
  test("are counted ahead by our estimate, and corrected by what was used", async () => {
    const startedAt = performance.now();
    const used: number[] = [];
    let last: Seen;
    for (let n = 0; ; n += 1) {
      const id = `tokens-${n}`;
      const padding = "words ".repeat(100);
      const order = { id, output: 100 };
      last = await ask("tokens", id, { padding, order });
      if (last.status !== 200) break;
      used.push(inputTokensOf(toPrompt(order, padding)) + 100);
      const sum = used.reduce((a, b) => a + b);
      const refilled = ((performance.now() - startedAt) / 60_000) * TOKENS;
      const remaining = numberIn(last, "x-ratelimit-remaining-tokens");
      // The header is of the time of admission: this request's prompt is in it by our estimate, its answer not yet.
      const before = sum - used.at(-1)!;
      assert.ok(remaining <= TOKENS - before + refilled, `${remaining} after ${before}`);
      assert.ok(remaining >= TOKENS - before - 600, `${remaining} after ${before}`);
      assert.ok(n < 100);
    }
    assert.deepEqual([last.status, last.code], [429, "rate_limit_exceeded"]);
    assert.equal(last.headers["x-ratelimit-limit-tokens"], String(TOKENS));
    assert.match(String(last.headers["x-ratelimit-reset-tokens"]), /^\d/);
    assert.ok(numberIn(last, "retry-after") >= 1);
    const sum = used.reduce((a, b) => a + b);
    assert.ok(sum > TOKENS * 0.8, `${sum} of ${TOKENS} used when the first was refused`);
    // The provider was not asked for what was refused.
    assert.equal(
      (await scene.upstream.account()).some(({ id }) => id === last.id),
      false,
    );
  });
});

describe("streams at once", () => {
  const slow = { stream: true, order: { id: "", output: 20, gapMs: 20 } };

  test("are bounded, whole answers are not, and an end makes room", async () => {
    const streams = Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ask("streams", `s${n}`, { ...slow, order: { ...slow.order, id: `s${n}` } }),
      ),
    );
    const whole = await ask("streams", "whole");
    assert.equal(whole.status, 200);
    const seen = await streams;
    const refused = seen.filter(({ status }) => status === 429);
    assert.deepEqual([seen.filter((one) => one.whole).length, refused.length], [STREAMS, 20 - STREAMS]);
    for (const { code, headers } of refused) {
      assert.deepEqual([code, headers["retry-after"]], ["rate_limit_exceeded", "1"]);
    }
    assert.ok((await ask("streams", "next", slow)).whole);
  });

  test("that are left make room, too", async () => {
    const order = { ...slow.order, output: MAX_OUTPUT_TOKENS };
    const left = await Promise.all(
      Array.from({ length: STREAMS }, (_, n) =>
        ask("streams", `l${n}`, { stream: true, leave: "first-part", order: { ...order, id: `l${n}` } }),
      ),
    );
    assert.ok(left.every((one) => one.left));
    // Long before those streams would have ended by themselves.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const again = await Promise.all(
      Array.from({ length: STREAMS }, (_, n) =>
        ask("streams", `a${n}`, { stream: true, order: { id: `a${n}`, output: 3 } }),
      ),
    );
    assert.ok(again.every((one) => one.whole));
  });
});
