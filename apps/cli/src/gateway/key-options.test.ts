import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import type { Key } from "@homegrown/gateway";
import { toKeySettings, withKeyOptions } from "./key-options.ts";
import type { KeyOptions } from "./key-options.ts";

const KEY = { limits: { requestsPerMinute: 60, concurrentStreams: 3 } } as Key;

function parse(...args: string[]): KeyOptions {
  const command = withKeyOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }));
  return command.parse(args, { from: "user" }).opts<KeyOptions>();
}

test("only what was named is changed; limits that were not stay", () => {
  assert.deepEqual(toKeySettings(parse(), KEY), {});
  assert.deepEqual(toKeySettings(parse("--tokens-per-minute", "1000"), KEY), {
    limits: { requestsPerMinute: 60, concurrentStreams: 3, tokensPerMinute: 1000 },
  });
  assert.deepEqual(toKeySettings(parse("--no-store-responses", "--rights", "train"), KEY), {
    rights: "train",
    mayStoreResponses: false,
  });
});

test("none, all and * lift a restriction", () => {
  const args = "--requests-per-minute none --expires none --team none --alias fast --alias * --endpoint all";
  const lifted = parse(...args.split(" "));
  assert.deepEqual(toKeySettings(lifted, KEY), {
    team: null,
    aliases: null,
    endpoints: null,
    limits: { concurrentStreams: 3 },
    expiresAt: null,
  });
});

test("what is no endpoint, right or number is wrong usage", () => {
  for (const args of [
    ["--endpoint", "chats"],
    ["--rights", "all"],
    ["--streams", "0"],
    ["--tokens-per-minute", "many"],
  ]) {
    assert.throws(() => parse(...args), { code: "commander.invalidArgument" }, args.join(" "));
  }
});
