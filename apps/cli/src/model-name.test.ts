import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidArgumentError } from "commander";
import { parseModelName } from "./model-name.ts";

test("a name is what the registry takes, alone", () => {
  for (const name of ["first", "my-model_2.1"]) assert.equal(parseModelName(name), name);
  for (const name of ["", "My Model", "../x", "first@v2", "first:candidate", "a".repeat(64)])
    assert.throws(() => parseModelName(name), InvalidArgumentError, name);
});
