import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { commands } from "./index.ts";

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

test("every command and every one below it explains itself with an example of itself", async () => {
  for (const { name, load } of commands) {
    const command = await load();
    assert.equal(command.name(), name);
    for (const each of [command, ...command.commands]) {
      const words = each === command ? name : `${name} ${each.name()}`;
      const help = helpOf(each);
      const [, example = ""] = help.split("Example");
      assert.ok(example.includes(`homegrown ${words}`), `${words}: ${help}`);
      assert.ok(each.description().length > 0, words);
    }
  }
});
