// What clients do wrong, through every front to a provider: its connection is let go, the ledger says what it cost,
// and the client hears of it in its own protocol. Own models and the bare server: server/faults.test.ts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openConnection, renderPost, waitUntil } from "@homegrown/testing";
import type { RawAnswer, RawConnection } from "@homegrown/testing";
import { createKey, revokeKey } from "../index.ts";
import { openRig } from "./fault-rig.fixture.ts";
import type { FaultRig } from "./fault-rig.fixture.ts";
import { FRONTS } from "./fronts.fixture.ts";
import type { FrontUnderTest } from "./fronts.fixture.ts";

const PROVIDERS = ["chat", "anthropic"];
const LONG = "repeat 400: word";
/** Waits before its head, or answers event by event. */
const WAITING = "scripted-wait-3000";
const PACED = "scripted-pace-15";
const CHANGE = { actor: "test", reason: "test" };

describe("faults of clients", () => {
  let rig: FaultRig;
  before(async () => {
    rig = await openRig({
      models: [WAITING, PACED],
      config: (config) => ({
        ...config,
        routes: {
          retrying: {
            targets: ["chat/fault-503"],
            retry: { maxAttempts: 3, sameTarget: 2, baseMs: 20_000, maxMs: 20_000, budgetRatio: 1 },
          },
        },
        defaults: {
          timeouts: { connectMs: 300, firstTokenMs: 5_000, stallMs: 5_000, totalMs: 30_000 },
          retry: { maxAttempts: 1 },
        },
      }),
      gateway: { limits: { clientStallMs: 400, requestTimeoutMs: 1_500, headersTimeoutMs: 1_000 } },
    });
  });
  after(async () => {
    await rig.gateway.close();
    assert.equal((await rig.upstream.counts()).openConnections, 0);
    assert.deepEqual(rig.faults, []);
    await rig.close();
  });

  const open = async (
    front: FrontUnderTest,
    body: object,
    id: string,
    key = rig.key,
  ): Promise<RawConnection> => {
    const connection = await openConnection(rig.gateway.url);
    connection.socket.write(renderPost(front.path, body, toHeaders(front, id, key)));
    return connection;
  };

  describe("that leave", () => {
    for (const front of FRONTS) {
      for (const provider of PROVIDERS) {
        it(`${front.name} to ${provider}, before the first byte and in the middle of a stream`, async () => {
          const stages: [stage: string, model: string, stream: boolean][] = [
            ["whole", WAITING, false],
            ["waiting", WAITING, true],
            ["streaming", PACED, true],
          ];
          await Promise.all(
            stages.map(async ([stage, model, stream]) => {
              const id = `leaves.${front.name}.${provider}.${stage}`;
              const body = front.body(`${provider}/${model}`, `${LONG} #tag=${id}`, stream);
              const connection = await open(front, body, id);
              if (stage === "streaming") {
                await waitUntil("the stream runs", () => connection.received.split("wor").length > 3);
              } else {
                await untilAsked(rig, id);
              }
              connection.socket.destroy();
              const row = await rig.ledgerRow(id);
              assert.deepEqual([row.outcome, row.errorCode], ["client-left", "gateway/client-left"], id);
              assert.deepEqual([row.attempts, row.usage.estimated], [1, true], id);
              assert.equal(row.costNano, row.usage.input * 1_000 + row.usage.output * 2_000, id);
              assert.equal(row.usage.output > 0, stage === "streaming", `${id}: ${row.usage.output}`);
            }),
          );
          await rig.upstream.quiet(1_000);
          const records = await rig.upstream.records();
          for (const [stage] of stages) {
            const id = `leaves.${front.name}.${provider}.${stage}`;
            const [record, ...more] = records.filter(({ tag }) => tag === id);
            assert.deepEqual([record?.outcome, more.length], ["cancelled", 0], id);
          }
        });
      }
    }

    it("while the next attempt is waited for: there is none", async () => {
      const [front] = FRONTS;
      const connection = await open(front!, front!.body("retrying", "x #tag=gave-up", false), "gave-up");
      await untilAsked(rig, "gave-up");
      connection.socket.destroy();
      const row = await rig.ledgerRow("gave-up");
      assert.deepEqual([row.outcome, row.attempts, row.costNano], ["client-left", 1, 0]);
    });

    it("in the middle of the body: nobody is asked", async () => {
      const asked = (await rig.upstream.counts()).requests;
      for (const front of FRONTS) {
        const connection = await openConnection(rig.gateway.url);
        const text = renderPost(
          front.path,
          front.body("chat/scripted", "x", false),
          toHeaders(front, "half", rig.key),
        );
        connection.socket.write(text.slice(0, -10));
        await new Promise((resolve) => setTimeout(resolve, 20));
        connection.socket.destroy();
      }
      await waitUntil("they are recorded", () => {
        const half = rig.records.filter(({ requestId }) => requestId === "half");
        return half.length === FRONTS.length && half.every(({ outcome }) => outcome === "client-left");
      });
      assert.equal((await rig.upstream.counts()).requests, asked);
    });
  });

  it("that do not read are let go, and their provider with them", async () => {
    for (const front of FRONTS) {
      const id = `stalls.${front.name}`;
      const held = process.memoryUsage().arrayBuffers;
      const provider = front.name === "messages" ? "anthropic" : "chat";
      const connection = await openConnection(rig.gateway.url);
      connection.socket.pause();
      connection.socket.write(
        renderPost(
          front.path,
          front.body(`${provider}/fault-endless`, LONG, true),
          toHeaders(front, id, rig.key),
        ),
      );
      const row = await rig.ledgerRow(id);
      assert.deepEqual([row.outcome, row.usage.estimated], ["client-left", true]);
      assert.ok(
        process.memoryUsage().arrayBuffers - held < 64 * 1024 * 1024,
        "what was not read did not pile up",
      );
      connection.socket.destroy();
    }
    await rig.upstream.quiet(1_000);
  });

  describe("that send", () => {
    it("slowly are answered; too slowly, told so", async () => {
      await Promise.all(
        FRONTS.map(async (front) => {
          const text = renderPost(
            front.path,
            front.body("chat/scripted", "say: hello", false),
            toHeaders(front, "slow", rig.key),
          );
          const connection = await openConnection(rig.gateway.url);
          for (let at = 0; at < text.length; at += 20) {
            connection.socket.write(text.slice(at, at + 20));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          await waitUntil("it is answered", () => connection.received.includes("hello"));
          connection.socket.destroy();
          const late = await openConnection(rig.gateway.url);
          late.socket.write(text.slice(0, -1));
          await late.closed;
          assert.match(late.received, /^HTTP\/1\.1 408 /);
        }),
      );
    });

    it("100 MB are refused, declared or not, while they still send", async () => {
      const held = process.memoryUsage().arrayBuffers;
      for (const front of FRONTS) {
        for (const framing of ["content-length: 104857600", "transfer-encoding: chunked"]) {
          const connection = await openConnection(rig.gateway.url);
          const head = `POST ${front.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
          connection.socket.write(`${head}${framing}\r\n${toHeaders(front, "large", rig.key)}\r\n`);
          await sendMegabytes(connection, 100, framing.startsWith("transfer"));
          await connection.closed;
          assert.match(connection.received, /^HTTP\/1\.1 413 /, `${front.name} ${framing}`);
          const text = connection.received.slice(connection.received.indexOf("\r\n\r\n") + 4);
          const expected = front.name === "messages" ? "request_too_large" : "gateway/body-too-large";
          assert.equal(front.errorOf({ status: 413, headers: {}, text }), expected);
        }
      }
      assert.ok(process.memoryUsage().arrayBuffers - held < 96 * 1024 * 1024);
    });

    for (const front of FRONTS) {
      it(`nonsense to ${front.name} hear what is wrong, and nobody is asked`, async () => {
        const asked = (await rig.upstream.counts()).requests;
        const good = front.body("chat/scripted", "x", false);
        const list = front.name === "responses" ? "input" : "messages";
        const deep = `{"model":"chat/scripted","${list}":${"[".repeat(500)}${"]".repeat(500)}}`;
        const bodies: (string | object | Buffer)[] = [
          deep,
          "[".repeat(200_000),
          JSON.stringify(good).replace("{", '{"model":"chat/other",'),
          JSON.stringify(good).replace("{", '{"\\u006dodel":"chat/other",'),
          "",
          "null",
          "[]",
          '"text"',
          "{",
          '{"model":}',
          Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
          {},
          { ...good, model: 7 },
          { ...good, model: "" },
          { ...good, model: undefined },
          { ...good, [list]: 7 },
          { ...good, [list]: null },
          { ...good, [list]: [7] },
          { ...good, stream: "yes" },
          { ...good, temperature: "warm" },
          { ...good, [front.name === "responses" ? "max_output_tokens" : "max_tokens"]: -1 },
          { ...good, tools: 7 },
          { ...good, tools: [7] },
        ];
        for (const body of bodies) {
          const answer = await rig.post(front.path, body, front.headers);
          const shown = JSON.stringify(body).slice(0, 100);
          assert.equal(answer.status, 400, `${shown} → ${answer.status} ${answer.text}`);
          assert.ok(front.errorOf(answer), shown);
        }
        assert.equal((await rig.upstream.counts()).requests, asked);
        // Roles and contents that we do not know a provider of the same protocol may; then it is the judge.
        for (const message of [
          { role: "nobody", content: "x" },
          { role: "user", content: 7 },
        ]) {
          const answer = await rig.post(front.path, { ...good, [list]: [message] }, front.headers);
          assert.equal(answer.status, 400, answer.text);
          assert.ok(front.errorOf(answer));
        }
        const type = await rig.post(front.path, "x=1", { ...front.headers, "content-type": "text/plain" });
        assert.equal(type.status, 415);
      });
    }
  });

  it("without a key, or with a wrong one, are refused in their own words", async () => {
    for (const front of FRONTS) {
      const expected = front.name === "messages" ? "authentication_error" : "invalid_api_key";
      for (const authorization of ["", "Bearer ", "Bearer nonsense", `Bearer ${rig.key}x`, "Basic YTpi"]) {
        const body = front.body("chat/scripted", "x", false);
        const answer = await rig.post(front.path, body, { ...front.headers, authorization });
        assert.deepEqual(
          [answer.status, front.errorOf(answer)],
          [401, expected],
          `${front.name} ${authorization}`,
        );
      }
    }
  });

  describe("whose key is revoked", () => {
    for (const front of FRONTS) {
      for (const provider of PROVIDERS) {
        it(`${front.name} to ${provider}: the stream ends with an error of authentication, soon`, async () => {
          const { key, text } = await createKey(rig.database, { name: "brief" }, CHANGE);
          await untilKnown(rig, text);
          const id = `revoked.${front.name}.${provider}`;
          const streamed = await open(front, front.body(`${provider}/${PACED}`, LONG, true), `${id}.s`, text);
          const waiting = await open(
            front,
            front.body(`${provider}/scripted-wait-4000`, `x #tag=${id}.w`, false),
            `${id}.w`,
            text,
          );
          await untilAsked(rig, `${id}.w`);
          await waitUntil("the stream runs", () => streamed.received.split("wor").length > 3);
          const revokedAt = performance.now();
          await revokeKey(rig.database, key.id, CHANGE);
          // A stream's end is its last chunk; the connection stays.
          await waitUntil("the stream ends", () => streamed.received.endsWith("0\r\n\r\n"));
          await waitUntil("the other ends", () => waiting.received.includes("401 Unauthorized"));
          assert.ok(performance.now() - revokedAt < 1_500, `${performance.now() - revokedAt} ms`);
          assert.match(front.brokenOf(toAnswer(streamed.received)), /revoked/);
          for (const connection of [streamed, waiting]) connection.socket.destroy();
          const streamedRow = await rig.ledgerRow(`${id}.s`);
          const wholeRow = await rig.ledgerRow(`${id}.w`);
          for (const row of [streamedRow, wholeRow]) {
            assert.deepEqual([row.outcome, row.errorCode], ["failed", "gateway/key-revoked"]);
            assert.ok(row.usage.estimated && row.usage.input > 0, "what the provider worked on is charged");
          }
          assert.ok(streamedRow.usage.output > 0);
          await rig.upstream.quiet(1_000);
          const again = await rig.post(front.path, front.body("chat/scripted", "x", false), {
            ...front.headers,
            authorization: `Bearer ${text}`,
          });
          assert.equal(again.status, 401);
        });
      }
    }
  });
});

function toHeaders(front: FrontUnderTest, id: string, key: string): string {
  const own = Object.entries(front.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `authorization: Bearer ${key}\r\nx-request-id: ${id}\r\n${own.join("")}`;
}

async function untilAsked(rig: FaultRig, tag: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await rig.upstream.records()).some((record) => record.tag === tag)) {
    assert.ok(performance.now() < deadline, `the upstream was not asked for ${tag}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Keys that another process made are seen soon. */
async function untilKnown(rig: FaultRig, key: string): Promise<void> {
  const deadline = performance.now() + 3_000;
  for (;;) {
    const headers = { authorization: `Bearer ${key}` };
    const { status } = await rig.post("/v1/embeddings", { model: "nobody", input: "x" }, headers);
    if (status !== 401) return;
    assert.ok(performance.now() < deadline, "the gateway does not see the new key");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** As much as the other side takes before it closes. */
async function sendMegabytes(connection: RawConnection, count: number, chunked: boolean): Promise<void> {
  const megabyte = Buffer.alloc(1 << 20, " ");
  const part = chunked ? Buffer.concat([Buffer.from("100000\r\n"), megabyte, Buffer.from("\r\n")]) : megabyte;
  const { socket } = connection;
  for (let sent = 0; sent < count && socket.writable; sent++) {
    if (!socket.write(part)) {
      await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), connection.closed]);
    }
  }
}

/** A chunked answer as it came over a bare connection. */
function toAnswer(received: string): RawAnswer {
  const headEnd = received.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = received.slice(0, headEnd).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => line.split(/: ?/, 2).map((part) => part.toLowerCase())),
  );
  let text = "";
  for (let at = headEnd + 4; at < received.length;) {
    const lineEnd = received.indexOf("\r\n", at);
    const size = Number.parseInt(received.slice(at, lineEnd), 16);
    text += received.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 4 + size;
  }
  return { status: Number(statusLine.split(" ")[1]), headers, text };
}
