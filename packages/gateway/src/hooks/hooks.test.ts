import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import type { HookChain } from "./hook-chain.ts";
import { hooksSchema } from "./hook-config.ts";
import type { HookContext, JsonMasker } from "./hook.ts";
import { createHooks } from "./create-hooks.ts";
import type { Hooks } from "./create-hooks.ts";

const SECRET = "hook-secret-4711";
const PROMPT = "the prompt of xyzzy";
const masker: JsonMasker = {
  maskJson(value) {
    const text = JSON.stringify(value);
    const masked = text.replaceAll("4711", "[number]");
    return { value: JSON.parse(masked), counts: { number: text.split("4711").length - 1 } };
  },
};
const context = (signal: AbortSignal = new AbortController().signal): HookContext => ({
  requestId: "r1",
  alias: "fast",
  key: { id: "k0000001", name: "ci" },
  dialect: "openai/chat-completions",
  signal,
});
const body = (content: string = PROMPT): object => ({ model: "fast", messages: [{ role: "user", content }] });

async function createChain(configs: Record<string, unknown>): Promise<{ chain: HookChain; hooks: Hooks }> {
  const hooks = await createHooks(hooksSchema.parse(configs), {
    masker,
    environment: { HOOK_SECRET: SECRET },
  });
  return { chain: hooks.chain(Object.keys(configs))!, hooks };
}

describe("hooks", () => {
  it("that are none are no chain", async () => {
    assert.equal((await createHooks({}, { masker })).chain([]), undefined);
  });

  it("mask bodies and count what they masked", async () => {
    const { chain } = await createChain({ m: { kind: "mask", on: "both" }, n: { kind: "mask" } });
    const result = await chain.runBefore(context(), body("call 4711, not 4711"));
    assert.deepEqual(result.value, body("call [number], not [number]"));
    assert.deepEqual([result.replaced, result.masked], [true, { number: 2 }]);
    const unchanged = await chain.runAfter(context(), body("nothing"));
    assert.deepEqual([unchanged.replaced, unchanged.masked], [false, {}]);
  });

  it("leave the model's name and the way of the answer alone", async () => {
    const { chain } = await createChain({ m: { kind: "mask" } });
    const original = { model: "model-4711", stream: true, user: "4711" };
    const { value } = await chain.runBefore(context(), original);
    assert.deepEqual(value, { model: "model-4711", stream: true, user: "[number]" });
  });

  it("refuse words in any text, and never say which", async () => {
    const { chain } = await createChain({ r: { kind: "refuse", words: ["xyzzy"], reason: "Not here." } });
    const parts = { messages: [{ content: [{ type: "text", text: PROMPT }] }] };
    for (const value of [body(), parts, { input: PROMPT }, [[[PROMPT]]]]) {
      await assert.rejects(chain.runBefore(context(), value), (error: HomegrownError) => {
        assert.equal(error.code, "gateway/refused-by-hook");
        assert.equal(error.message, "Not here.");
        assert.ok(!JSON.stringify(toErrorRecord(error)).includes("xyzzy"));
        return true;
      });
    }
    const image = { url: `data:image/png;base64,${"xyzzy".repeat(1000)}` };
    for (const value of [body("xyzzyx"), image, { xyzzy: 1 }, body("")]) {
      assert.equal((await chain.runBefore(context(), value)).value, value);
    }
    await assert.rejects(chain.runBefore(context(), body(`${"long ".repeat(1000)}${PROMPT}`)));
  });

  it("run in order, the next on what the last made of it", async () => {
    const refuse = { kind: "refuse", words: ["number"] };
    const masked = await createChain({ m: { kind: "mask" }, r: refuse });
    await assert.rejects(masked.chain.runBefore(context(), body("4711")), {
      code: "gateway/refused-by-hook",
    });
    const first = await createChain({ r: refuse, m: { kind: "mask" } });
    assert.ok((await first.chain.runBefore(context(), body("4711"))).replaced);
  });

  it("say whether streams must wait for them", async () => {
    assert.equal((await createChain({ m: { kind: "mask", on: "after" } })).chain.buffersStreams, false);
    assert.equal(
      (await createChain({ m: { kind: "mask", on: "after", buffer: true } })).chain.buffersStreams,
      true,
    );
    assert.equal(
      (await createChain({ m: { kind: "mask", on: "before", buffer: true } })).chain.buffersStreams,
      false,
    );
    const refuse = { kind: "refuse", words: ["x"], on: "after" };
    assert.match(hooksSchema.safeParse({ refuse }).error!.message, /set buffer to true/);
  });
});

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const answer =
  (value: unknown, status = 200): Handler =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof value === "string" ? value : JSON.stringify(value));
  };

describe("webhooks", () => {
  let handle: Handler;
  let seen: { headers: IncomingMessage["headers"]; body: string }[] = [];
  let url = "";
  const opened: Hooks[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      seen.push({ headers: request.headers, body: text });
      handle(request, response, text);
    });
  });
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook-address-of-the-test`;
  });
  after(async () => {
    await Promise.all(opened.map((hooks) => hooks.close()));
    server.closeAllConnections();
    server.close();
  });
  const webhook = async (changes: object = {}): Promise<HookChain> => {
    const config = { kind: "webhook", url, onFailure: "refuse", secret: { env: "HOOK_SECRET" }, ...changes };
    const { chain, hooks } = await createChain({ w: config });
    opened.push(hooks);
    seen = [];
    return chain;
  };
  it("are told of the request, with the secret in a header", async () => {
    handle = answer({ action: "allow" });
    const result = await (await webhook()).runBefore(context(), body());
    assert.equal(result.replaced, false);
    assert.equal(seen[0]!.headers.authorization, `Bearer ${SECRET}`);
    assert.deepEqual(JSON.parse(seen[0]!.body), {
      phase: "before",
      requestId: "r1",
      alias: "fast",
      key: { id: "k0000001", name: "ci" },
      dialect: "openai/chat-completions",
      body: body(),
    });
    handle = (_request, response) => response.writeHead(204).end();
    assert.equal((await (await webhook({ on: "after" })).runAfter(context(), { a: 1 })).replaced, false);
    assert.deepEqual(JSON.parse(seen[0]!.body).answer, { a: 1 });
  });

  it("may refuse with a reason of one line", async () => {
    handle = answer({ action: "refuse", reason: `no\n\u001b[31m${"x".repeat(1000)}` });
    await assert.rejects((await webhook()).runBefore(context(), body()), (error: HomegrownError) => {
      assert.equal(error.code, "gateway/refused-by-hook");
      assert.match(error.message, /^no \[31mx{491,494}$/);
      return true;
    });
    handle = answer({ action: "refuse" });
    await assert.rejects((await webhook()).runBefore(context(), body()), /refused by a check/);
  });

  it("may replace the body or the answer", async () => {
    handle = answer({
      action: "replace",
      body: { model: "dearer", messages: [], stream: true },
      answer: { b: 2 },
    });
    const before = await (await webhook()).runBefore(context(), body());
    assert.deepEqual(before.value, { model: "fast", messages: [] });
    assert.equal(before.replaced, true);
    assert.deepEqual((await (await webhook({ on: "after" })).runAfter(context(), { a: 1 })).value, { b: 2 });
  });

  describe("that fail", () => {
    const huge = "x".repeat(10 * 1024 * 1024);
    const cases: [failure: string, handler: Handler, changes?: object][] = [
      ["timeout", () => undefined, { timeoutMs: 40 }],
      [
        "timeout",
        (_request, response) => {
          response.writeHead(200);
          const timer = setInterval(() => response.write(" "), 10);
          response.on("close", () => clearInterval(timer));
        },
        { timeoutMs: 60 },
      ],
      ["unreachable", (request) => request.socket.destroy()],
      ["unreachable", (_request, response) => response.socket!.end("not http at all\r\n\r\n")],
      ["unreachable", answer({}), { url: "http://127.0.0.1:9/" }],
      ["status", answer({ action: "allow" }, 500)],
      ["status", answer({ action: "allow" }, 404)],
      ["redirect", (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
      ["malformed", answer("junk")],
      ["malformed", answer("null")],
      ["malformed", answer({ action: "perhaps" })],
      ["malformed", answer({ action: "replace" })],
      ["malformed", answer({ action: "replace", body: "text" })],
      ["malformed", (_request, response) => response.end(Buffer.from([0x7b, 0xff, 0x7d]))],
      ["answer-too-large", answer(huge)],
      ["answer-too-large", answer({ action: "allow", more: huge }), { maxAnswerBytes: 1000 }],
    ];
    for (const [index, [failure, handler, changes]] of cases.entries()) {
      it(`${failure} (${index}): as the configuration says`, async () => {
        handle = handler;
        const allowed = await (
          await webhook({ ...changes, onFailure: "allow" })
        ).runBefore(context(), body());
        assert.deepEqual(allowed.failures, [{ hook: "w", failure }]);
        assert.equal(allowed.replaced, false);
        const requestsBefore = seen.length;
        assert.ok(requestsBefore <= 1, "no redirect is followed, nothing is tried twice");
        await assert.rejects(
          (await webhook(changes)).runBefore(context(), body()),
          (error: HomegrownError) => {
            assert.equal(error.code, "gateway/hook-failed");
            assert.equal(error.details["failure"], failure);
            const shown = `${JSON.stringify(toErrorRecord(error))} ${error.stack} ${String(error.cause)}`;
            assert.ok(
              !shown.includes(SECRET) &&
                !shown.includes("xyzzy") &&
                !shown.includes("/hook-address-of-the-test"),
            );
            return true;
          },
        );
      });
    }

    it("because the request is too large to be sent: it is not", async () => {
      handle = answer({ action: "allow" });
      const chain = await webhook({ maxSentBytes: 2000 });
      await assert.rejects(chain.runBefore(context(), body("x".repeat(2000))), /request-too-large/);
      assert.equal(seen.length, 0);
    });
  });

  it("are not waited for when the client has gone", async () => {
    handle = () => undefined;
    const left = new AbortController();
    const running = (await webhook({ timeoutMs: 5000 })).runBefore(context(left.signal), body());
    const reason = new Error("left");
    setTimeout(() => left.abort(reason), 20);
    await assert.rejects(running, reason);
  });

  it("look on at streams without holding them up, and stop when the gateway does", async () => {
    handle = answer({ action: "refuse" });
    const chain = await webhook({ on: "after" });
    assert.equal(chain.observeAfter(context(), { text: "an answer" }, 100), true);
    assert.equal(seen.length, 0, "not within the call");
    for (let i = 0; i < 200 && seen.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(JSON.parse(seen[0]!.body).answer, { text: "an answer" });
    handle = () => undefined;
    assert.equal(chain.observeAfter(context(), { text: "another" }, 100), true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await opened.pop()!.close();
    assert.equal(chain.observeAfter(context(), {}, 1), false);
  });

  it("whose secret is not set are not made", async () => {
    const configs = hooksSchema.parse({
      w: { kind: "webhook", url, onFailure: "allow", secret: { env: "GONE" } },
    });
    const make = (environment: Record<string, string>): Promise<Hooks> =>
      createHooks(configs, { masker, environment });
    await assert.rejects(() => make({}), { code: "gateway/secret-missing" });
    await assert.rejects(
      () => make({ GONE: `${SECRET}\nX: 1` }),
      (error: HomegrownError) => error.code === "gateway/secret-missing" && !error.message.includes(SECRET),
    );
  });
});
