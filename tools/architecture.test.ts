import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { findBreaches } from "./architecture.ts";

test("this repository keeps its walls", () => {
  assert.deepEqual(findBreaches(path.resolve(import.meta.dirname, "..")), []);
});

test("each kind of breach is named with its remedy", (t) => {
  const root = mkdtempSync(path.join(tmpdir(), "homegrown-walls-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  mkdirSync(path.join(root, "apps"), { recursive: true });
  write("package.json", "{}");
  write("packages/engine/package.json", '{ "name": "@homegrown/engine", "dependencies": {} }');
  write("packages/engine/src/wrong-way.ts", 'import { x } from "@homegrown/serving";\n');
  write("packages/engine/src/past-the-index.ts", 'import { y } from "@homegrown/contracts/src/errors.ts";\n');
  write("packages/engine/src/undeclared.ts", 'import zod from "zod";\n');
  write("packages/engine/src/outside.ts", 'import { z } from "../../models/src/index.ts";\n');
  write("packages/engine/src/long.ts", "\n".repeat(500));
  write("packages/unknown/package.json", '{ "name": "@homegrown/unknown" }');
  const found = new Map(
    findBreaches(root).map(({ file, message, remedy }) => [path.basename(file), `${message} / ${remedy}`]),
  );
  assert.match(found.get("wrong-way.ts") ?? "", /'engine' may not import 'serving' \/ .*allowed-imports/);
  assert.match(found.get("past-the-index.ts") ?? "", /reaches into .* \/ export what you need from/);
  assert.match(found.get("undeclared.ts") ?? "", /does not declare \/ add 'zod' to the dependencies/);
  assert.match(
    found.get("outside.ts") ?? "",
    /outside its own package \/ import the other package by its name/,
  );
  assert.match(found.get("long.ts") ?? "", /more than 400 \/ the file holds two ideas/);
  assert.match(found.get("unknown") ?? "", /no row of the table .* \/ add a row/);
});
