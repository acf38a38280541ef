// Streams of audio that pass through a gateway: as they come, counted by their last event, and never taken for
// whole when they are not.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { openRig } from "../../../faults/fault-rig.fixture.ts";
import type { FaultRig } from "../../../faults/fault-rig.fixture.ts";

type Play = (response: ServerResponse) => Promise<void> | void;

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const DELTA = event({ type: "transcript.text.delta", delta: "hello " });
const USAGE = { type: "tokens", input_tokens: 14, output_tokens: 31, total_tokens: 45 };
const DONE = event({ type: "transcript.text.done", text: "hello you", usage: USAGE });
const SOUND = event({ type: "speech.audio.delta", audio: "AQID".repeat(500) });
const SPOKEN = event({ type: "speech.audio.done", usage: { ...USAGE, type: undefined } });
/** So large that a bill by its size would be seen. */
const RECORDING = new Uint8Array(40_000);
const TOKENS_BY_SIZE = RECORDING.length / 4;

describe("a stream of audio through the gateway", () => {
  let rig: FaultRig;
  let provider: Server;
  let play: Play;

  before(async () => {
    provider = createServer((request, response) => {
      request.resume().once("end", () => void play(response));
    });
    provider.listen(0, "127.0.0.1");
    await once(provider, "listening");
    const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
    rig = await openRig({
      config: (config) => ({
        ...config,
        providers: {
          voices: {
            kind: "openai-compatible",
            baseUrl,
            apiKey: { env: "HOMEGROWN_SCRIPTED_KEY" },
            audio: true,
            models: { m: { price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2, asOf: "2026-11-01" } } },
          },
        },
        defaults: {
          timeouts: { connectMs: 1_000, firstTokenMs: 5_000, stallMs: 3_000, totalMs: 10_000 },
          retry: { maxAttempts: 1 },
        },
      }),
    });
  });
  after(async () => {
    assert.deepEqual(rig.faults, []);
    await rig.close();
    provider.closeAllConnections();
    provider.close();
  });

  function transcribe(id: string): Promise<Response> {
    const form = new FormData();
    form.set("model", "voices/m");
    form.set("stream", "true");
    form.set("file", new Blob([RECORDING]), "a.wav");
    return send(id, "transcriptions", form, {});
  }

  function speak(id: string): Promise<Response> {
    const body = { model: "voices/m", input: "Hello you", voice: "alloy", stream_format: "sse" };
    return send(id, "speech", JSON.stringify(body), { "content-type": "application/json" });
  }

  function send(id: string, what: string, body: FormData | string, headers: object): Promise<Response> {
    const authorization = `Bearer ${rig.key}`;
    return fetch(`${rig.gateway.url}/v1/audio/${what}`, {
      method: "POST",
      body,
      headers: { authorization, "x-request-id": id, ...headers },
    });
  }

  for (const [what, ask, first, last] of [
    ["a transcript", transcribe, DELTA, DONE],
    ["speech", speak, SOUND, SPOKEN],
  ] as const) {
    it(`${what}: the client has the first event before the last is sent`, async () => {
      const seen = Promise.withResolvers<void>();
      play = async (response) => {
        startEvents(response).write(first);
        await seen.promise;
        response.end(last);
      };
      const id = `early.${ask.name}`;
      const answer = await ask(id);
      assert.match(answer.headers.get("content-type")!, /^text\/event-stream/);
      let received = "";
      for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
        received += part;
        if (received === first) seen.resolve();
      }
      assert.equal(received, first + last);
      const { usage, costNano, outcome } = await rig.ledgerRow(id);
      assert.deepEqual([usage.input, usage.output, usage.estimated], [14, 31, false]);
      assert.deepEqual([outcome, costNano], ["completed", 14 * 1_000 + 31 * 2_000]);
    });

    it(`${what}: a stream that breaks off ends in an error and is recorded as failed`, async () => {
      for (const ending of ["end", "destroy"] as const) {
        play = (response) => {
          startEvents(response).write(first, () => setImmediate(() => response[ending]()));
        };
        const id = `broken.${ask.name}.${ending}`;
        const text = await (await ask(id)).text();
        assert.ok(text.startsWith(first), text);
        const { error } = JSON.parse(text.slice(first.length).replace(/^(?:event:.*\n)?data: /, ""));
        assert.equal(typeof error.message, "string");
        const { outcome, errorCode, usage } = await rig.ledgerRow(id);
        assert.deepEqual(
          [outcome, errorCode, usage.estimated],
          ["failed", "gateway/upstream-cut-short", true],
        );
      }
    });

    it(`${what}: the provider's error passes on and is recorded as failed`, async () => {
      const failure = event({ error: { message: "out of breath", type: "server_error" } });
      play = (response) => void startEvents(response).end(first + failure);
      const id = `error.${ask.name}`;
      assert.equal(await (await ask(id)).text(), first + failure);
      assert.equal((await rig.ledgerRow(id)).outcome, "failed");
      play = (response) => void startEvents(response).end(failure);
      assert.ok((await ask(`${id}.first`)).status >= 500);
      assert.equal((await rig.ledgerRow(`${id}.first`)).outcome, "failed");
    });
  }

  it("that comes whole, because the model cannot stream, is passed on and counted", async () => {
    const whole = JSON.stringify({ text: "hello you", usage: USAGE });
    for (const [type, body, output, estimated] of [
      ["application/json", whole, 31, false],
      ["text/plain", "hello you!!!", 3, true],
    ] as const) {
      play = (response) => void response.writeHead(200, { "content-type": type }).end(body);
      const id = `whole.${type.replace("/", ".")}`;
      const answer = await transcribe(id);
      assert.deepEqual([answer.status, await answer.text()], [200, body]);
      const { usage, outcome } = await rig.ledgerRow(id);
      assert.deepEqual([outcome, usage.output, usage.estimated], ["completed", output, estimated]);
      if (!estimated) assert.equal(usage.input, 14);
    }
    play = (response) => void response.writeHead(200, { "content-type": "audio/mpeg" }).end("sound");
    const sound = await speak("whole.sound");
    assert.deepEqual([sound.headers.get("content-type"), await sound.text()], ["audio/mpeg", "sound"]);
    assert.equal((await rig.ledgerRow("whole.sound")).outcome, "completed");
  });

  it("that tells no usage is counted by its text, and sound by what was to be spoken", async () => {
    const done = event({ type: "transcript.text.done", text: "hello you" });
    play = (response) => void startEvents(response).end(DELTA + done);
    await (await transcribe("untold.transcript")).text();
    const transcript = (await rig.ledgerRow("untold.transcript")).usage;
    assert.deepEqual([transcript.output, transcript.estimated], [Math.ceil("hello you".length / 4), true]);
    assert.ok(Math.abs(transcript.input - TOKENS_BY_SIZE) < 100, `${transcript.input}`);
    play = (response) => void startEvents(response).end(SOUND + event({ type: "speech.audio.done" }));
    await (await speak("untold.speech")).text();
    const speech = (await rig.ledgerRow("untold.speech")).usage;
    assert.deepEqual([speech.output, speech.estimated], [0, true]);
  });

  it("whose sound comes in one large event is passed on", async () => {
    const large = event({ type: "speech.audio.delta", audio: "A".repeat(5 * 1024 * 1024) });
    play = (response) => void startEvents(response).end(large + SPOKEN);
    const text = await (await speak("large")).text();
    assert.equal(text.length, (large + SPOKEN).length);
    assert.equal((await rig.ledgerRow("large")).outcome, "completed");
  });
});

function startEvents(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { "content-type": "text/event-stream" });
}
