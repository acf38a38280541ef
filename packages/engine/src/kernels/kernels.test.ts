import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compileKernels } from "./build.ts";

test("the committed kernels.wasm is what the compiler makes of assembly/kernels.ts", async () => {
  const committed = readFileSync(new URL("./kernels.wasm", import.meta.url));
  assert.ok(
    committed.equals(await compileKernels()),
    "kernels.wasm differs from its source: run `node packages/engine/src/kernels/build.ts` and commit the result",
  );
});
