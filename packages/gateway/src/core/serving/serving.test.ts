// What a request meets between its admission and its row, where several parts of the core have a say in it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openConnection, renderPost } from "@homegrown/testing";
import { openRig } from "../../faults/fault-rig.fixture.ts";
import type { FaultRig } from "../../faults/fault-rig.fixture.ts";

const ask = (model: string, text: string, more: object = {}): object => ({
  model,
  messages: [{ role: "user", content: text }],
  ...more,
});
const CHAT = "/v1/chat/completions";

describe("a request", () => {
  let rig: FaultRig;
  before(async () => {
    rig = await openRig({
      config: (config) => ({
        ...config,
        hooks: { hide: { kind: "mask", on: "after", buffer: true } },
        routes: {
          hidden: {
            targets: ["chat/scripted"],
            hooks: ["hide"],
            cache: { ttlSeconds: 60, when: "always" },
          },
        },
        defaults: {
          timeouts: { connectMs: 500, firstTokenMs: 2_000, stallMs: 300, totalMs: 10_000 },
          retry: { maxAttempts: 1 },
        },
      }),
      gateway: { limits: { clientStallMs: 900 } },
    });
  });
  after(async () => {
    assert.deepEqual(rig.faults, []);
    await rig.close();
  });

  it("for a model whose name no header can hold is answered", async () => {
    const answer = await rig.post(CHAT, ask("chat/модель\u0001", "say: hello"));
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, /hello/);
    assert.equal(answer.headers["x-homegrown-target"], "chat/%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C%01");
  });

  it("that is answered from the cache meets the route's hooks all the same", async () => {
    for (const cached of [false, true]) {
      const id = `hidden.${cached}`;
      const body = ask("hidden", "say: write to jane.doe@fernhill-post.net today");
      const answer = await rig.post(CHAT, body, { "x-request-id": id });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text.includes("jane.doe@fernhill-post.net"), false, answer.text);
      assert.equal((await rig.ledgerRow(id)).cached, cached);
    }
  });

  it("to count tokens is not billed for them", async () => {
    const answer = await rig.post(
      "/v1/messages/count_tokens",
      ask("anthropic/scripted", "hello ".repeat(100)),
      {
        "anthropic-version": "2023-06-01",
        "x-request-id": "counts",
      },
    );
    assert.equal(answer.status, 200, answer.text);
    const row = await rig.ledgerRow("counts");
    assert.deepEqual([row.usage.input, row.costNano, row.usage.estimated], [0, 0, false]);
  });

  it("whose client does not read says nothing of its target", async () => {
    const connection = await openConnection(rig.gateway.url);
    connection.socket.pause();
    const headers = `authorization: Bearer ${rig.key}\r\nx-request-id: unread\r\n`;
    connection.socket.write(renderPost(CHAT, ask("chat/fault-endless", "x", { stream: true }), headers));
    const row = await rig.ledgerRow("unread");
    connection.socket.destroy();
    assert.deepEqual([row.outcome, row.errorCode], ["client-left", "gateway/client-stalled"]);
  });
});
