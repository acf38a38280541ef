import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { readSecretFiles } from "./secret-files.ts";

test("each file becomes a variable, without its last line's end; what is set stays", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "homegrown-secrets-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path.join(folder, "OPENAI_API_KEY"), "sk-one\n");
  await writeFile(path.join(folder, "VERTEX"), '{\n "two": 2\n}\n');
  await writeFile(path.join(folder, "SET"), "from the file");
  await writeFile(path.join(folder, "no-variable.txt"), "left out");
  const environment: NodeJS.ProcessEnv = { HOMEGROWN_SECRETS: folder, SET: "before" };
  readSecretFiles(environment);
  assert.deepEqual(environment, {
    HOMEGROWN_SECRETS: folder,
    SET: "before",
    OPENAI_API_KEY: "sk-one",
    VERTEX: '{\n "two": 2\n}',
  });
});

test("no folder is no fault; what lies in it and cannot be read is, and its content is not told", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "homegrown-secrets-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  readSecretFiles({});
  readSecretFiles({ HOMEGROWN_SECRETS: path.join(folder, "missing") });
  await mkdir(path.join(folder, "FOLDER"));
  assert.throws(() => readSecretFiles({ HOMEGROWN_SECRETS: folder }), { code: "cli/secret-unreadable" });
  await rm(path.join(folder, "FOLDER"), { recursive: true });
  await writeFile(path.join(folder, "LARGE"), "x".repeat(70_000));
  assert.throws(() => readSecretFiles({ HOMEGROWN_SECRETS: folder }), /LARGE.*70000 bytes/);
});
