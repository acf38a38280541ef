import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { it } from "node:test";
import { Anthropic } from "@anthropic-ai/sdk";
import type { ListedModel } from "@homegrown/contracts";
import { pageOf } from "./paging.ts";
import { renderModel, renderModelPage } from "./render.ts";

const MODELS: ListedModel[] = Array.from({ length: 7 }, (_, index) => ({
  id: `m${index}`,
  createdAt: new Date(Date.UTC(2026, 0, 1 + index)),
  ownedBy: "homegrown",
}));
const idsOf = (query: string): string[] =>
  pageOf(MODELS, new URLSearchParams(query)).models.map(({ id }) => id);

it("newest models come first, in pages both ways", () => {
  assert.deepEqual(idsOf(""), ["m6", "m5", "m4", "m3", "m2", "m1", "m0"]);
  assert.deepEqual(idsOf("limit=2"), ["m6", "m5"]);
  assert.deepEqual(idsOf("limit=2&after_id=m5"), ["m4", "m3"]);
  assert.deepEqual(idsOf("limit=2&before_id=m2"), ["m4", "m3"]);
  assert.deepEqual(idsOf("after_id=m0"), []);
  assert.deepEqual(idsOf("limit=1&after_id=gone"), ["m6"]);
  assert.equal(pageOf(MODELS, new URLSearchParams("limit=6")).hasMore, true);
  assert.equal(pageOf(MODELS, new URLSearchParams("limit=7")).hasMore, false);
  assert.equal(pageOf(MODELS, new URLSearchParams("before_id=m4&limit=2")).hasMore, false);
});

it("a limit that is none is refused", () => {
  for (const limit of ["0", "1001", "-1", "x", "1e2", ""]) {
    assert.throws(() => idsOf(`limit=${limit}`), { code: "gateway/invalid-request" }, limit);
  }
});

it("Anthropic's SDK walks through all pages", async () => {
  const server = createServer(({ url }, response) => {
    const { pathname, searchParams } = new URL(url!, "http://localhost");
    response.setHeader("content-type", "application/json");
    response.end(
      pathname === "/v1/models" ? renderModelPage(pageOf(MODELS, searchParams)) : renderModel(MODELS[0]!),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new Anthropic({ baseURL, apiKey: "test" });
    const models = await Array.fromAsync(client.models.list({ limit: 3 }));
    assert.deepEqual(
      models.map(({ id }) => id),
      idsOf(""),
    );
    const model = await client.models.retrieve("m0");
    assert.deepEqual(model, {
      type: "model",
      id: "m0",
      display_name: "m0",
      created_at: "2026-01-01T00:00:00Z",
      lifecycle: "active",
      line: null,
      capabilities: null,
      max_input_tokens: null,
      max_tokens: null,
      deprecated_at: null,
      retires_at: null,
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
