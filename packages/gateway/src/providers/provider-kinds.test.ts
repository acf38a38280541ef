import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { it } from "node:test";
import { providersConfigSchema } from "./provider-config.ts";
import { PROVIDER_KINDS } from "./provider-kinds.ts";

const here = (path: string): URL => new URL(path, import.meta.url);

it("has for every kind a row in the README, a file, fixtures and the page that they follow", () => {
  const rows = readFileSync(here("README.md"), "utf8")
    .split("\n")
    .flatMap((line) => /^\| `([a-z-]+)` \|/.exec(line)?.[1] ?? []);
  const kinds = Object.keys(PROVIDER_KINDS);
  assert.deepEqual(rows, kinds, "README.md must list the kinds, in the order of the table");
  assert.deepEqual(
    readdirSync(here("kinds/")).sort(),
    kinds.map((kind) => `${kind}.ts`).sort(),
    "one file for each kind",
  );
  const folders = readdirSync(here("fixtures/"));
  for (const { kind, documentation } of Object.values(PROVIDER_KINDS)) {
    assert.ok(folders.includes(kind), `fixtures/${kind}/ is missing`);
    assert.match(documentation, /^https:\/\//);
    const { specification } = JSON.parse(readFileSync(here(`fixtures/${kind}/exchange.json`), "utf8")) as {
      specification: string;
    };
    assert.match(specification, /^https:\/\//);
  }
});

it("takes the configuration that the README shows", () => {
  const block = /```jsonc\n([^]*?)```/.exec(readFileSync(here("README.md"), "utf8"))![1]!;
  const config = JSON.parse(block.replace(/^\s*\/\/.*$/gm, "")) as object;
  assert.deepEqual(Object.keys(providersConfigSchema.parse(config)), ["openai", "house"]);
});
