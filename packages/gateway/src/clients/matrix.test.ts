// The table is the truth: what it names is run, what it leaves out is said, and its page is up to date.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startScriptedUpstream } from "@homegrown/testing";
import { renderMatrixPage } from "./matrix-page.ts";
import { CLIENTS } from "./matrix.ts";
import { CLIENTS_PAGE, readPinnedVersions } from "./pinned-versions.ts";
import { openWorld } from "./world.fixture.ts";
import type { World } from "./world.fixture.ts";

it("docs/clients.md is what the table says", async () => {
  assert.equal(
    await readFile(CLIENTS_PAGE, "utf8"),
    renderMatrixPage(await readPinnedVersions()),
    "run: node packages/gateway/src/clients/write-page.ts",
  );
});

it("each client of the table is run by one test file, in the suite that the table names", async () => {
  const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".test.ts"));
  const sources = await Promise.all(
    files.map(async (name) => ({ name, text: await readFile(join(import.meta.dirname, name), "utf8") })),
  );
  for (const [client, { runsIn }] of Object.entries(CLIENTS)) {
    const found = sources.filter(({ text }) => text.includes(`"${client}": `));
    assert.equal(found.length, 1, client);
    assert.equal(found[0]!.name.endsWith(".interop.test.ts"), runsIn === "npm run test:interop", client);
  }
});

describe("what no protocol in between can carry is named", () => {
  let world: World;
  before(async () => {
    world = await openWorld(startScriptedUpstream);
  });
  after(() => world.close());

  async function dropped(path: string, body: object): Promise<string | null> {
    const response = await fetch(`${world.gateway.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return response.headers.get("x-homegrown-dropped");
  }

  it("stop sequences, to OpenAI's Responses", async () => {
    const body = {
      model: world.alias("responses", "messages"),
      max_tokens: 100,
      messages: [{ role: "user", content: "say: one two" }],
    };
    for (const stream of [false, true]) {
      assert.match(
        String(await dropped("/v1/messages", { ...body, stream, stop_sequences: ["two"] })),
        /stop/i,
      );
      assert.equal(await dropped("/v1/messages", { ...body, stream }), null);
    }
  });

  it("thinking after calls whose signature a chat completion could not carry", async () => {
    const call = { id: "c1", type: "function", function: { name: "look", arguments: "{}" } };
    const body = {
      model: world.alias("anthropic", "chat"),
      reasoning_effort: "medium",
      tools: [{ type: "function", function: { name: "look", parameters: { type: "object" } } }],
      messages: [
        { role: "user", content: "look" },
        { role: "assistant", tool_calls: [call] },
        { role: "tool", tool_call_id: "c1", content: "seen" },
      ],
    };
    for (const stream of [false, true]) {
      assert.equal(await dropped("/v1/chat/completions", { ...body, stream }), "reasoning");
    }
  });
});
