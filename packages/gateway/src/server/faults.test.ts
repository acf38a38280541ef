// What clients do wrong, by accident or on purpose, and what they get for it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import {
  createMarkovModel,
  MarkovDirectory,
  openConnection,
  renderPost,
  sendRequest,
  waitUntil,
} from "@homegrown/testing";
import type { RawAnswer } from "@homegrown/testing";
import { startGateway } from "../index.ts";
import type { Gateway, GatewayOptions, RequestRecord } from "../index.ts";

const CHAT = "/v1/chat/completions";
const SECRET = "xyzzy-secret-words";
const chatBody = (fields: object = {}): object => ({
  model: "garden",
  messages: [{ role: "user", content: `Say ${SECRET}` }],
  ...fields,
});

describe("faults of clients", () => {
  // Slow and endless (its end is biased away below), so that a test can act in the middle of an answer.
  const model = createMarkovModel({ modelId: "garden", tokenDelayMs: 2, contextLength: 1_000_000 });
  const entry = { version: "garden@1", model };
  const directory = new MarkovDirectory({ garden: entry, "org/garden": entry });
  const records: RequestRecord[] = [];
  const endless = { logit_bias: { 256: -100 }, max_tokens: 500_000 };
  let gateway: Gateway;
  const start = (options: Partial<GatewayOptions> = {}): Promise<Gateway> =>
    startGateway({ directory, onRequest: (record) => records.push(record), ...options });
  before(async () => {
    gateway = await start();
  });
  after(async () => {
    await gateway.close();
    assert.equal(directory.held, 0, "every lease was given back");
    assert.equal(directory.releasedTwice, 0, "and only once");
    assert.equal(JSON.stringify(records).includes(SECRET), false, "no record holds a prompt");
  });

  describe("that leave", () => {
    const cases: [name: string, path: string, body: object][] = [
      ["a chat stream", CHAT, chatBody({ stream: true, ...endless })],
      ["a chat stream of three choices", CHAT, chatBody({ stream: true, n: 3, ...endless })],
      ["a chat that is not streamed", CHAT, chatBody(endless)],
      ["five choices at once", CHAT, chatBody({ n: 5, ...endless })],
      [
        "a completion stream",
        "/v1/completions",
        { model: "garden", prompt: "Once", stream: true, ...endless },
      ],
    ];
    for (const [name, path, body] of cases) {
      it(`${name}: the model stops, the lease is given back once`, async () => {
        const released = directory.released;
        const connection = await openConnection(gateway.url);
        connection.socket.write(renderPost(path, body));
        const made = model.tokensMade;
        await waitUntil("the model is at work", () => model.running > 0 && model.tokensMade > made + 3);
        const leftAt = performance.now();
        connection.socket.destroy();
        await waitUntil("the model has stopped", () => model.running === 0);
        await waitUntil("the lease is back", () => directory.released === released + 1);
        assert.ok(performance.now() - leftAt < 2000, "promptly");
        await waitUntil("the request is recorded", () => records.at(-1)?.outcome === "client-left");
        assert.equal(records.at(-1)!.error!.code, "gateway/client-left");
        assert.equal(directory.held, 0);
      });
    }

    it("in the middle of a body: no model is asked", async () => {
      const acquired = directory.acquired;
      const numRecords = records.length;
      const connection = await openConnection(gateway.url);
      connection.socket.write(renderPost(CHAT, chatBody()).slice(0, -10));
      await new Promise((resolve) => setTimeout(resolve, 20));
      connection.socket.destroy();
      await waitUntil("the request is recorded", () => records.length > numRecords);
      assert.equal(records.at(-1)!.outcome, "client-left");
      assert.equal(directory.acquired, acquired);
    });
  });

  describe("that do not read", () => {
    const fast = createMarkovModel({ modelId: "fast", contextLength: 10_000_000 });
    const fastDirectory = new MarkovDirectory({ fast: { version: "fast@1", model: fast } });
    const body = {
      model: "fast",
      prompt: "Once",
      stream: true,
      logprobs: 20,
      logit_bias: { 256: -100 },
      max_tokens: 1_000_000,
    };

    it("slow the model down instead of filling memory, and get the rest when they go on", async () => {
      const slow = await startGateway({ directory: fastDirectory });
      try {
        const connection = await openConnection(slow.url);
        connection.socket.pause();
        connection.socket.write(renderPost("/v1/completions", body));
        let made = -1;
        while (made !== fast.tokensMade || made < 10) {
          made = fast.tokensMade;
          await new Promise((resolve) => setTimeout(resolve, 150));
        }
        // About 700 bytes a token: what waits lies in the kernel's buffers and one small one of ours.
        assert.ok(made < 20_000, `the model has stopped at ${made} tokens`);
        connection.socket.resume();
        await waitUntil("the model goes on", () => fast.tokensMade > made + 100);
        connection.socket.destroy();
        await waitUntil("the model has stopped", () => fast.running === 0);
      } finally {
        await slow.close();
      }
      assert.equal(fastDirectory.held, 0);
    });

    it("for too long are let go", async () => {
      const seen: RequestRecord[] = [];
      const impatient = await startGateway({
        directory: fastDirectory,
        limits: { clientStallMs: 200 },
        onRequest: (record) => seen.push(record),
      });
      try {
        const connection = await openConnection(impatient.url);
        connection.socket.pause();
        connection.socket.write(renderPost("/v1/completions", body));
        await waitUntil("the request is over", () => seen.length === 1, 20_000);
        assert.equal(seen[0]!.outcome, "client-left");
        assert.equal(fast.running, 0);
        assert.equal(fastDirectory.held, 0);
        connection.socket.destroy();
      } finally {
        await impatient.close();
      }
    });
  });

  describe("with bodies that are too large", () => {
    it("50 MB: 413 although the client goes on sending", async () => {
      const answer = await sendRequest(`${gateway.url}${CHAT}`, {
        body: Buffer.alloc(50 * 1024 * 1024, 0x20),
      });
      checkError(answer, 413, "gateway/body-too-large");
      assert.equal(answer.headers.connection, "close");
    });

    it("50 MB through fetch: 413 as well", async () => {
      const body = Buffer.alloc(50 * 1024 * 1024, 0x20);
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${gateway.url}${CHAT}`, { method: "POST", body, headers });
      assert.equal(response.status, 413);
      await response.text();
    });

    it("endless: 413 after the bytes that are allowed, then the connection ends", async () => {
      const small = await start({ limits: { maxBodyBytes: 100_000, lingerMs: 100 } });
      try {
        const connection = await openConnection(small.url);
        connection.socket.write(
          `POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
        );
        const chunk = `2710\r\n${" ".repeat(10_000)}\r\n`;
        const timer = setInterval(() => connection.socket.writable && connection.socket.write(chunk), 1);
        await connection.closed;
        clearInterval(timer);
        assert.match(connection.received, /^HTTP\/1\.1 413 /);
        assert.match(connection.received, /gateway\/body-too-large/);
      } finally {
        await small.close();
      }
    });

    it("announced with Expect: refused before a byte of it is sent", async () => {
      const connection = await openConnection(gateway.url);
      connection.socket.write(
        `POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
          `content-length: 52428800\r\nexpect: 100-continue\r\n\r\n`,
      );
      await connection.closed;
      assert.match(connection.received, /^HTTP\/1\.1 413 /);
    });

    it("a body of a fair size is asked for with 100 Continue", async () => {
      const connection = await openConnection(gateway.url);
      const [head, body] = renderPost(CHAT, chatBody({ max_tokens: 2 }), "expect: 100-continue\r\n").split(
        /(?<=\r\n\r\n)/,
      );
      connection.socket.write(head!);
      await waitUntil("the body is asked for", () => connection.received.includes("100 Continue"));
      connection.socket.write(body!);
      await waitUntil("the answer is there", () => connection.received.includes("200 OK"));
      connection.socket.destroy();
    });
  });

  describe("with bodies that are not what they should be", () => {
    it("invalid JSON: 400 with its place", async () => {
      const error = checkError(
        await post(gateway, '{"model": "garden",\n "n": tru }'),
        400,
        "gateway/invalid-json",
      );
      assert.match(error.message, /expected a value at line 2, column 7 \(offset 26\)/);
      checkError(await post(gateway, ""), 400, "gateway/invalid-json");
    });
    it("invalid UTF-8: 400", async () => {
      checkError(await post(gateway, Buffer.from([0x22, 0xff, 0x22])), 400, "gateway/invalid-json");
    });
    it("JSON nested a million deep: 400", async () => {
      checkError(await post(gateway, "[".repeat(1_000_000)), 400, "gateway/json-too-deep");
      const schema = `{"a":`.repeat(200) + "1" + "}".repeat(200);
      checkError(await post(gateway, `{"model":"garden","x":${schema}}`), 400, "gateway/json-too-deep");
    });
    it("brackets in strings do not count as depth", async () => {
      const text = JSON.stringify(chatBody({ user: '\\"[['.repeat(100), max_tokens: 1 }));
      assert.equal((await post(gateway, text)).status, 200);
    });
    it("another content type, compressed, another character set: 415", async () => {
      const text = JSON.stringify(chatBody());
      for (const headers of [
        { "content-type": "text/plain" },
        { "content-type": "application/json; charset=latin1" },
        { "content-encoding": "gzip" },
      ]) {
        checkError(
          await post(gateway, text, headers as Record<string, string>),
          415,
          "gateway/unsupported-media-type",
        );
      }
      const utf8 = { "content-type": "application/json; charset=UTF-8" };
      assert.equal((await post(gateway, JSON.stringify(chatBody({ max_tokens: 1 })), utf8)).status, 200);
    });
    it("not an object: 400", async () => {
      for (const body of ["[]", "null", '"x"', "1"])
        checkError(await post(gateway, body), 400, "invalid_type");
    });
  });

  describe("at the wrong place", () => {
    it("unknown route: 404", async () => {
      checkError(await sendRequest(`${gateway.url}/v2/nothing`), 404, "unknown_url");
      checkError(await sendRequest(`${gateway.url}/v1/models/%ff`), 404, "unknown_url");
    });
    it("wrong method: 405 with Allow", async () => {
      const answer = await sendRequest(`${gateway.url}${CHAT}`);
      checkError(answer, 405, "gateway/method-not-allowed");
      assert.equal(answer.headers.allow, "POST");
      checkError(
        await sendRequest(`${gateway.url}/v1/models`, { body: {} }),
        405,
        "gateway/method-not-allowed",
      );
    });
    it("a model's name may hold a slash, encoded or not", async () => {
      for (const name of ["org/garden", "org%2Fgarden"]) {
        const answer = await sendRequest(`${gateway.url}/v1/models/${name}?x=1`);
        assert.equal(JSON.parse(answer.text).id, "org/garden");
      }
    });
    it("HEAD answers like GET, without the body", async () => {
      const answer = await sendRequest(`${gateway.url}/v1/models`, { method: "HEAD" });
      assert.equal(answer.status, 200);
      assert.equal(answer.text, "");
    });
    it("not from this machine by name or by page: 403", async () => {
      for (const host of [
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "@",
      ]) {
        checkError(await getModels(gateway, { host }), 403, "gateway/host-refused");
      }
      for (const origin of ["https://evil.example", "null", "http://localhost.evil.example"]) {
        checkError(await getModels(gateway, { origin }), 403, "gateway/origin-refused");
      }
      for (const headers of [
        { host: "localhost:1" },
        { host: "[::1]:80" },
        { host: "127.0.0.2" },
        { origin: "http://localhost:5173" },
      ]) {
        assert.equal(
          (await getModels(gateway, headers as unknown as Record<string, string>)).status,
          200,
          JSON.stringify(headers),
        );
      }
      const named = await start({ allowedHosts: ["models.example"] });
      const answer = await sendRequest(`${named.url}/v1/models`, { headers: { host: "models.example" } });
      assert.equal(answer.status, 200);
      await named.close();
    });
  });

  describe("that are slow or speak no HTTP", () => {
    it("a header or a body that does not end: 408", async () => {
      const hasty = await start({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 300 } });
      try {
        for (const half of ["POST /v1/chat", renderPost(CHAT, chatBody()).slice(0, -5)]) {
          const connection = await openConnection(hasty.url);
          connection.socket.write(half);
          await connection.closed;
          assert.match(connection.received, /^HTTP\/1\.1 408 /);
          assert.match(connection.received, /gateway\/request-timeout/);
        }
      } finally {
        await hasty.close();
      }
    });
    it("a header of 17 KB: 431; no HTTP at all: 400", async () => {
      const large = await openConnection(gateway.url);
      large.socket.write(`GET / HTTP/1.1\r\nx: ${"y".repeat(17 * 1024)}`);
      await large.closed;
      assert.match(large.received, /^HTTP\/1\.1 431 [^]*gateway\/header-too-large/);
      const tls = await openConnection(gateway.url);
      tls.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
      await tls.closed;
      assert.match(tls.received, /^HTTP\/1\.1 400 [^]*gateway\/malformed-request/);
    });
  });

  it("more requests than are worked on at once: 429 with Retry-After", async () => {
    const narrow = await start({ limits: { maxConcurrentRequests: 1 } });
    try {
      const first = await openConnection(narrow.url);
      first.socket.write(renderPost(CHAT, chatBody({ stream: true, ...endless })));
      await waitUntil("the first is at work", () => model.running === 1);
      const second = await sendRequest(`${narrow.url}${CHAT}`, { body: chatBody() });
      checkError(second, 429, "gateway/too-many-requests");
      assert.equal(second.headers["retry-after"], "1");
      first.socket.destroy();
      await waitUntil("the model has stopped", () => model.running === 0);
    } finally {
      await narrow.close();
    }
  });

  it("request ids are taken over, bounded and cleaned, or made", async () => {
    assert.equal(await idFor(gateway, "trace-1:a_b.c"), "trace-1:a_b.c");
    assert.equal(await idFor(gateway, 'a"b c{}'), "abc");
    assert.equal((await idFor(gateway, "x".repeat(1000))).length, 128);
    assert.match(await idFor(gateway), /^req_[0-9a-f-]{36}$/);
    assert.match(await idFor(gateway, "{}"), /^req_/);
    assert.equal(records.at(-1)!.requestId.startsWith("req_"), true);
  });

  it("a finished request's record says who, what, how much and how long", async () => {
    const numRecords = records.length;
    const headers = { "x-request-id": "r1" };
    await sendRequest(`${gateway.url}${CHAT}`, { body: chatBody({ max_tokens: 3, stream: true }), headers });
    await waitUntil("it is recorded", () => records.length > numRecords);
    const { durationMs, firstByteMs, inputTokens, ...rest } = records.at(-1)!;
    assert.ok(durationMs >= firstByteMs! && firstByteMs! > 0 && inputTokens! > 0);
    assert.deepEqual(rest, {
      requestId: "r1",
      method: "POST",
      route: CHAT,
      status: 200,
      outcome: "completed",
      streamed: true,
      key: "local",
      model: "garden",
      target: "own/garden",
      attempts: 1,
      version: "garden@1",
      outputTokens: 3,
      costUsd: 0,
    });
  });

  it("a log that throws does not harm the request, and shows as a warning", async () => {
    const broken = await start({
      onRequest: () => {
        throw new Error("disk full");
      },
    });
    const warned = once(process, "warning");
    assert.equal((await sendRequest(`${broken.url}/healthz`)).status, 200);
    assert.match(String(((await warned) as [Error])[0].message), /disk full/);
    await broken.close();
  });
});

function checkError(answer: RawAnswer, status: number, code: string): { message: string } {
  assert.equal(answer.status, status, answer.text);
  const { error } = JSON.parse(answer.text) as { error: Record<string, unknown> };
  assert.deepEqual(Object.keys(error), ["message", "type", "param", "code"]);
  assert.equal(error["code"], code);
  assert.ok(answer.headers["x-request-id"]);
  return error as { message: string };
}

function post(gateway: Gateway, body: string | Buffer, headers?: Record<string, string>): Promise<RawAnswer> {
  return sendRequest(`${gateway.url}${CHAT}`, { body, ...(headers ? { headers } : {}) });
}

function getModels(gateway: Gateway, headers: Record<string, string>): Promise<RawAnswer> {
  return sendRequest(`${gateway.url}/v1/models`, { headers });
}

async function idFor(gateway: Gateway, id?: string): Promise<string> {
  const answer = await getModels(gateway, id === undefined ? {} : { "x-request-id": id });
  return String(answer.headers["x-request-id"]);
}
