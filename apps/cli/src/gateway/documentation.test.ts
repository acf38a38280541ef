// What the pages show can be done: their configurations are read, their command lines know their options.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Command } from "commander";
import { loadConfig } from "@homegrown/gateway";
import { commands } from "../commands/index.ts";

const ROOT = path.resolve(import.meta.dirname, "../../../..");
const PAGES = ["README.md", "docs/running-a-gateway.md"];

async function readBlocks(language: string): Promise<{ page: string; block: string }[]> {
  const pages = await Promise.all(
    PAGES.map(async (page) => ({ page, text: await readFile(path.join(ROOT, page), "utf8") })),
  );
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm");
  return pages.flatMap(({ page, text }) =>
    [...text.matchAll(pattern)].map(([, block]) => ({ page, block: block! })),
  );
}

test("configurations on the pages are good ones", async (t) => {
  const scratch = await mkdtemp(path.join(tmpdir(), "homegrown-pages-"));
  t.after(() => rm(scratch, { recursive: true, force: true }));
  const configs = (await readBlocks("ts")).filter(({ block }) => block.includes("defineConfig"));
  assert.ok(configs.length >= 2);
  for (const [index, { page, block }] of configs.entries()) {
    const file = path.join(scratch, `page-${index}.ts`);
    await writeFile(file, block);
    const { config } = await loadConfig(file);
    assert.ok(Object.keys(config.routes).length > 0, page);
  }
});

test("command lines on the pages have the options that they use", async () => {
  const lines = (await readBlocks("sh")).flatMap(({ page, block }) =>
    [...block.matchAll(/\bhomegrown ([a-z]+) ([^#\n]*)/g)].map(([line, name, rest]) => ({
      where: `${page}: ${line}`,
      name: name!,
      rest: rest!,
    })),
  );
  assert.ok(lines.length > 15);
  for (const { where, name, rest } of lines) {
    const entry = commands.find((one) => one.name === name);
    assert.ok(entry, where);
    let command: Command | undefined = await entry.load();
    const [first] = rest.split(" ");
    if (command.commands.length > 0) command = command.commands.find((one) => one.name() === first);
    assert.ok(command, where);
    const known = new Set(command.options.map(({ long }) => long));
    // Those that every command gets.
    for (const common of ["--home", "--json", "--debug"]) known.add(common);
    for (const [option] of rest.matchAll(/--[a-z-]+/g)) assert.ok(known.has(option), `${where}: ${option}`);
  }
});
