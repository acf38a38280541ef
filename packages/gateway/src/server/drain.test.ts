import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import {
  createMarkovModel,
  MarkovDirectory,
  openConnection,
  renderPost,
  sendRequest,
  waitUntil,
} from "@homegrown/testing";
import type { MarkovModelOptions } from "@homegrown/testing";
import OpenAI, { APIError } from "openai";
import { startGateway } from "../index.ts";

const MESSAGES = [{ role: "user" as const, content: "Say hello." }];
const ENDLESS = { logit_bias: { 256: -100 }, max_tokens: 100_000 };

function createDirectory(options: Partial<MarkovModelOptions> = {}) {
  const model = createMarkovModel({ modelId: "m", contextLength: 1_000_000, ...options });
  return { model, directory: new MarkovDirectory({ m: { version: "m@1", model } }) };
}

const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof HomegrownError && error.code === code && error.hint !== "";

describe("starting", () => {
  it("on a port that is taken, or for other machines, is an error that says what to do", async () => {
    const { directory } = createDirectory();
    const first = await startGateway({ directory });
    await assert.rejects(startGateway({ directory, port: first.port }), isCode("gateway/port-in-use"));
    await first.close();
    await assert.rejects(startGateway({ directory, host: "0.0.0.0" }), isCode("gateway/loopback-only"));
    await assert.rejects(
      startGateway({ directory, host: "models.example" }),
      isCode("gateway/loopback-only"),
    );
    const again = await startGateway({ directory, port: first.port });
    assert.equal(again.url, `http://127.0.0.1:${first.port}`);
    assert.equal((await sendRequest(`${again.url}/healthz`)).text, '{"status":"ok"}');
    await again.close();
  });
});

describe("closing", () => {
  it("lets running streams finish and refuses new connections", async () => {
    const { model, directory } = createDirectory({ tokenDelayMs: 5 });
    const gateway = await startGateway({ directory });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
    const stream = await client.chat.completions.create({
      model: "m",
      messages: MESSAGES,
      stream: true,
      logit_bias: ENDLESS.logit_bias,
      max_tokens: 60,
    });
    // An idle connection that is kept alive must not hold the close up.
    const idle = await openConnection(gateway.url);
    idle.socket.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await waitUntil("it is answered", () => idle.received.includes('{"status":"ok"}'));
    await waitUntil("the model is at work", () => model.tokensMade > 3);
    const closing = gateway.close();
    assert.equal(gateway.close(), closing, "closing twice is closing once");
    await idle.closed;
    await assert.rejects(sendRequest(`${gateway.url}/healthz`), { code: "ECONNREFUSED" });
    let reason: string | null = null;
    for await (const chunk of stream) reason = chunk.choices[0]?.finish_reason ?? reason;
    assert.equal(reason, "length");
    await closing;
    assert.equal(directory.held, 0);
  });

  it("ends what does not finish in time with the protocol's error event", async () => {
    const { model, directory } = createDirectory({ tokenDelayMs: 5 });
    const gateway = await startGateway({ directory, drainMs: 100 });
    const connection = await openConnection(gateway.url);
    connection.socket.write(
      renderPost("/v1/chat/completions", { model: "m", messages: MESSAGES, stream: true, ...ENDLESS }),
    );
    const whole = sendRequest(`${gateway.url}/v1/chat/completions`, {
      body: { model: "m", messages: MESSAGES, ...ENDLESS },
    });
    await waitUntil("both are at work", () => model.running === 2);
    const startedAt = performance.now();
    await gateway.close();
    assert.ok(performance.now() - startedAt < 3000);
    await connection.closed;
    const events = connection.received.split("\n\n").filter((event) => event.includes("data: "));
    assert.match(events.at(-1)!, /"error":\{"message":"The server is shutting down\./);
    assert.equal(connection.received.includes("[DONE]"), false);
    const answer = await whole;
    assert.equal(answer.status, 503);
    assert.equal(answer.headers["retry-after"], "1");
    assert.equal(model.running, 0);
    assert.equal(directory.held, 0);
  });

  it("answers requests on a kept connection with 503 and closes it", async () => {
    const { directory } = createDirectory({ tokenDelayMs: 5 });
    const gateway = await startGateway({ directory });
    const connection = await openConnection(gateway.url);
    const post = renderPost("/v1/chat/completions", {
      model: "m",
      messages: MESSAGES,
      stream: true,
      max_tokens: 40,
      logit_bias: ENDLESS.logit_bias,
    });
    connection.socket.write(post);
    await waitUntil("the first is being answered", () => connection.received.includes("data: "));
    const closing = gateway.close();
    connection.socket.write(post);
    await closing;
    await connection.closed;
    assert.match(connection.received, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 503 [^]*gateway\/draining/);
    assert.equal(directory.held, 0);
  });
});

describe("a model that breaks down", () => {
  it("in mid-stream: an error event in OpenAI's shape, which the client throws", async () => {
    for (const fields of [{}, { n: 2 }]) {
      const { model, directory } = createDirectory({ failAfterTokens: 5 });
      const gateway = await startGateway({ directory });
      const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
      let text = "";
      const stream = await client.chat.completions.create({
        model: "m",
        messages: MESSAGES,
        stream: true,
        temperature: 0,
        ...fields,
      });
      await assert.rejects(
        async () => {
          for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
        },
        (error: unknown) => error instanceof APIError && error.code === "testing/host-died",
      );
      assert.ok(text.length >= 5);
      await gateway.close();
      assert.equal(model.running, 0);
      assert.equal(directory.held, 0);
    }
  });

  it("before the first byte: an error with its status, streamed or not, alone or among others", async () => {
    const { model, directory } = createDirectory({ failAfterTokens: 0 });
    const gateway = await startGateway({ directory });
    for (const fields of [{}, { stream: true }, { n: 4 }, { n: 4, stream: true }]) {
      const body = { model: "m", messages: MESSAGES, ...fields };
      const answer = await sendRequest(`${gateway.url}/v1/chat/completions`, { body });
      assert.equal(answer.status, 503);
      assert.match(answer.text, /testing\/host-died/);
    }
    const completion = await sendRequest(`${gateway.url}/v1/completions`, {
      body: { model: "m", prompt: ["a", "b"] },
    });
    assert.equal(completion.status, 503);
    await gateway.close();
    assert.equal(model.running, 0);
    assert.equal(directory.held, 0);
  });
});
