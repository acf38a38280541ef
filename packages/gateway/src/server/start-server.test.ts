import assert from "node:assert/strict";
import { it } from "node:test";
import { sendRequest } from "@homegrown/testing";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { RequestRecord } from "./request-record.ts";
import { startServer } from "./start-server.ts";

it("an answer whose head cannot be written ends its connection, and nothing else", async () => {
  const records: RequestRecord[] = [];
  const warnings: Error[] = [];
  const onWarning = (warning: Error): unknown => warnings.push(warning);
  process.on("warning", onWarning);
  const server = await startServer({
    context: {
      core: {
        serve: async (_request, delivery) => {
          delivery.annotate("no name of a header", "x");
          delivery.send("{}");
        },
        listModels: () => Promise.resolve([]),
      },
      responses: undefined,
      feedback: undefined,
    },
    keys: undefined,
    host: "127.0.0.1",
    port: 0,
    allowedHosts: [],
    limits: DEFAULT_LIMITS,
    pages: new Map(),
    onRequest: (record) => records.push(record),
    drainMs: 1_000,
  });
  try {
    const body = { model: "m", messages: [{ role: "user", content: "x" }] };
    await assert.rejects(sendRequest(`${server.url}/v1/chat/completions`, { body }));
    const { status } = await sendRequest(`${server.url}/v1/models`);
    assert.equal(status, 200);
    assert.deepEqual(
      records.map(({ outcome }) => outcome),
      ["failed", "completed"],
    );
    assert.deepEqual(server.activity(), { requests: 0, streams: 0 });
    assert.ok(warnings.some((warning) => "code" in warning && warning.code === "HOMEGROWN_UNTOLD"));
  } finally {
    process.off("warning", onWarning);
    await server.close();
  }
});
