import assert from "node:assert/strict";
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { HomegrownError, PARITY_SAMPLE } from "@homegrown/contracts";
import type { ReportCard } from "@homegrown/contracts";
import { openRegistry } from "./registry.ts";
import type { Registry } from "./registry.ts";
import type { LineageInput, NewVersion } from "./version-folders.ts";

const TRAINED: LineageInput = {
  origin: {
    kind: "trained",
    runs: [{ id: "run-1", kind: "pretrain", manifestSha256: "0".repeat(64) }],
    datasets: [{ name: "corpus", manifestSha256: "1".repeat(64), bytes: 10, rights: "train" }],
    code: { commit: "abc", dirty: false },
  },
  parent: null,
  licenses: [
    { license: "MIT", bytes: 7 },
    { license: "Apache-2.0", bytes: 3 },
  ],
  weights: [{ file: "model.gguf", type: "F32" }],
};
const IMPORTED: LineageInput = {
  ...TRAINED,
  origin: { kind: "imported", source: "file", license: "Apache-2.0", sha256: "2".repeat(64), bytes: 5 },
  licenses: [{ license: "Apache-2.0", bytes: 5 }],
};

function reportCard(
  passed: boolean,
  sample: { passages: number; conversations: number } = PARITY_SAMPLE,
): ReportCard {
  const interval = { value: 1, low: 0.9, high: 1.1, confidence: 0.95, method: "bootstrap" };
  return {
    schemaVersion: 1,
    version: "demo",
    createdAt: "2026-01-01T00:00:00.000Z",
    machine: { processor: "test", cores: 1, memoryBytes: 1, node: process.version },
    model: { architecture: "qwen3", numParameters: 1, vocabSize: 256, weightType: "F32" },
    heldOut: { documents: 1, bytes: 1, tokens: 1, bitsPerByte: interval, baselines: [] },
    checks: [],
    samples: [],
    parity: [
      {
        weightType: "F32",
        cacheType: "F16",
        ...sample,
        tokensCompared: 1,
        renderedBytesEqual: true,
        idsEqual: passed,
        stopIdsEqual: true,
        meanLogProbabilityDifference: 0,
        maxLogProbabilityDifference: 0,
        bound: { mean: 3e-4, max: 5e-3 },
        passed,
        failures: passed ? [] : ["ids differ"],
      },
    ],
  };
}

/** A version of `name` with nested folders, a big-enough file, and a report card unless `parity` is undefined. */
function newVersion(name: string, content: string, parity?: boolean, lineage = TRAINED): NewVersion {
  return {
    name,
    lineage,
    fill: async (folder) => {
      await writeFile(join(folder, "model.gguf"), content.repeat(5000));
      await mkdir(join(folder, "nested"));
      await writeFile(join(folder, "nested", "é tokenizer.json"), "{}");
      await writeFile(join(folder, "empty"), "");
      if (parity !== undefined) {
        await writeFile(join(folder, "report.json"), JSON.stringify(reportCard(parity)));
      }
    },
  };
}

const isError =
  (code: string, part = "") =>
  (error: unknown) =>
    error instanceof HomegrownError &&
    error.code === code &&
    error.message.includes(part) &&
    error.hint !== "";

describe("registry", () => {
  let home: string;
  let registry: Registry;
  beforeEach(async () => {
    if (registry !== undefined) await registry.close();
    if (home !== undefined) await rm(home, { recursive: true });
    home = await mkdtemp(join(tmpdir(), "homegrown-registry-"));
    registry = await openRegistry(home);
  });
  after(async () => {
    await registry.close();
    await rm(home, { recursive: true });
  });

  test("registers versions that list, show and resolve", async () => {
    const first = await registry.register(newVersion("demo", "a", true));
    const second = await registry.register(newVersion("demo", "b", true));
    await registry.register(newVersion("other", "a", undefined, IMPORTED));
    assert.deepEqual([first.version, second.version], ["v1", "v2"]);
    const list = await registry.list();
    assert.deepEqual(
      list.map(({ name, aliases, versions }) => [name, aliases, versions.map((v) => v.version)]),
      [
        ["demo", {}, ["v1", "v2"]],
        ["other", {}, ["v1"]],
      ],
    );
    assert.equal(list[0]!.versions[0]!.license, "MIT, Apache-2.0");
    const shown = await registry.show("demo@v2");
    assert.equal(shown.reportCard?.parity[0]?.passed, true);
    assert.equal(shown.lineage.name, "demo");
    const resolved = await registry.resolve("demo@v2");
    assert.deepEqual(
      resolved.files.map(({ path }) => path),
      ["empty", "homegrown.json", "model.gguf", "nested/é tokenizer.json", "report.json"],
    );
    assert.equal(await readFile(join(resolved.folder, "model.gguf"), "utf8"), "b".repeat(5000));
    assert.equal((await stat(join(home, "keys", "signing.pem"))).mode & 0o777, 0o600);
  });

  test("equal files of two versions are one file on disk", async () => {
    const a = await registry.register(newVersion("demo", "a"));
    const b = await registry.register(newVersion("twin", "a"));
    const [left, right] = await Promise.all([a, b].map(({ folder }) => stat(join(folder, "model.gguf"))));
    assert.equal(left!.ino, right!.ino);
    assert.equal(left!.nlink, 3);
  });

  test("moves champion, candidate and previous with reasons, and rolls back", async () => {
    for (const content of ["a", "b", "c"]) await registry.register(newVersion("demo", content, true));
    await assert.rejects(registry.resolve("demo"), isError("registry/no-such-alias", "champion"));
    await registry.promote({ name: "demo", version: "v1", reason: "first", actor: "ann" });
    await registry.promote({
      name: "demo",
      version: "v2",
      alias: "candidate",
      reason: "try it",
      actor: "bob",
    });
    const revision = await registry.aliasRevision();
    const promoted = await registry.promote({ name: "demo", version: "v2", reason: "better", actor: "bob" });
    assert.deepEqual(promoted.aliases, { champion: "v2", previous: "v1" });
    assert.ok((await registry.aliasRevision()) > revision);
    assert.equal((await registry.resolve("demo")).version, "v2");
    assert.deepEqual((await registry.show("demo:previous")).aliases, ["previous"]);
    const again = await registry.promote({ name: "demo", version: "v2", reason: "twice" });
    assert.equal(again.changed, false);
    const back = await registry.rollback({ name: "demo", reason: "worse after all", actor: "ann" });
    assert.deepEqual(back.aliases, { champion: "v1", previous: "v2" });
    const history = await registry.history("demo");
    assert.deepEqual(
      history.map(({ alias, from, to, action, reason, actor }) => [alias, from, to, action, reason, actor]),
      [
        ["champion", null, "v1", "promote", "first", "ann"],
        ["candidate", null, "v2", "promote", "try it", "bob"],
        ["champion", "v1", "v2", "promote", "better", "bob"],
        ["previous", null, "v1", "promote", "better", "bob"],
        ["candidate", "v2", null, "promote", "better", "bob"],
        ["champion", "v2", "v1", "rollback", "worse after all", "ann"],
        ["previous", "v1", "v2", "rollback", "worse after all", "ann"],
      ],
    );
  });

  test("refuses what has no evidence, and says why", async () => {
    await registry.register(newVersion("demo", "a", false));
    await registry.register(newVersion("demo", "b"));
    await registry.register(newVersion("open", "c", undefined, IMPORTED));
    const promote = (name: string, version: string) => registry.promote({ name, version, reason: "test" });
    await assert.rejects(promote("demo", "v1"), isError("registry/promotion-refused", "ids differ"));
    await assert.rejects(promote("demo", "v2"), isError("registry/promotion-refused", "no report card"));
    assert.match((await promote("open", "v1")).note ?? "", /imported/);
    assert.match((await registry.history("open"))[0]!.note ?? "", /imported/);
    assert.deepEqual(await registry.history("demo"), []);
    await assert.rejects(promote("demo", "v9"), isError("registry/unknown-version", "v1, v2"));
    await assert.rejects(promote("none", "v1"), isError("registry/unknown-model", "demo, open"));
    await assert.rejects(registry.rollback({ name: "open", reason: "x" }), isError("registry/no-previous"));
    await assert.rejects(registry.rollback({ name: "none", reason: "x" }), isError("registry/unknown-model"));
    await assert.rejects(
      registry.promote({ name: "open", version: "v1", reason: " " }),
      isError("registry/no-reason"),
    );
  });

  test("parity on nothing is no evidence, and on little it is noted", async () => {
    const register = async (passages: number, conversations: number): Promise<string> => {
      const card = JSON.stringify(reportCard(true, { passages, conversations }));
      const version = newVersion("demo", `${passages} ${conversations}`);
      const fill = async (folder: string): Promise<void> => {
        await version.fill(folder);
        await writeFile(join(folder, "report.json"), card);
      };
      return (await registry.register({ ...version, fill })).version;
    };
    const promote = async (version: string): Promise<string | undefined> =>
      (await registry.promote({ name: "demo", version, reason: "test" })).note;
    for (const [passages, conversations] of [
      [64, 0],
      [0, 16],
    ] as const) {
      await assert.rejects(
        promote(await register(passages, conversations)),
        isError("registry/promotion-refused", `${passages} passages and ${conversations} conversations`),
      );
    }
    const note =
      "parity compared 63 passages and 16 conversations (F32), fewer than 64 passages and 16 conversations";
    assert.equal(await promote(await register(63, 16)), note);
    assert.equal((await registry.history("demo"))[0]!.note, note);
    assert.equal(await promote(await register(64, 16)), undefined);
  });

  test("refuses names and references that mean nothing", async () => {
    for (const name of ["", "UPPER", "a/b", "../x", "-a", "a".repeat(64)]) {
      await assert.rejects(registry.register(newVersion(name, "a")), isError("registry/invalid-name"));
    }
    for (const reference of [
      "demo@2",
      "demo@v0",
      "demo@v01",
      "demo:king",
      "demo@",
      "demo:",
      "demo@v1:champion",
    ]) {
      await assert.rejects(registry.show(reference), isError("registry/invalid-reference"), reference);
    }
  });

  test("leaves nothing when filling fails or the folder is not what the lineage says", async () => {
    const failing = { ...newVersion("demo", "a"), fill: () => Promise.reject(new Error("export failed")) };
    await assert.rejects(registry.register(failing), /export failed/);
    const empty = { ...newVersion("demo", "a"), fill: () => Promise.resolve() };
    await assert.rejects(registry.register(empty), isError("registry/invalid-version", "model.gguf"));
    const wrong = {
      ...newVersion("demo", "a"),
      lineage: { ...TRAINED, licenses: [{ license: "MIT" } as never] },
    };
    await assert.rejects(registry.register(wrong), isError("registry/invalid-version", "licenses.0.bytes"));
    if (existsSync("/dev/full")) {
      const full = { ...newVersion("demo", "a"), fill: () => writeFile("/dev/full", "x") };
      await assert.rejects(registry.register(full), isError("storage/disk-full"));
    }
    assert.deepEqual(await registry.list(), []);
    assert.deepEqual(await readdir(join(home, "models", "demo")), []);
  });

  test("a changed byte in any file refuses to load and names the file", async () => {
    const { folder } = await registry.register(newVersion("demo", "a", true));
    await registry.promote({ name: "demo", version: "v1", reason: "test" });
    const { files } = await registry.resolve("demo");
    for (const path of [...files.map((file) => file.path), "model.sig"]) {
      const file = join(folder, path);
      const original = await readFile(file);
      if (original.length === 0) continue;
      // Every fifth byte of the signature: parts of it that nothing signs must not change either.
      const offsets =
        path === "model.sig"
          ? Array.from({ length: Math.ceil(original.length / 5) }, (_, index) => index * 5)
          : [0, original.length >> 1, original.length - 1];
      for (const offset of new Set(offsets)) {
        const flipped = Buffer.from(original);
        flipped[offset]! ^= 1;
        await overwrite(file, flipped);
        await assert.rejects(
          registry.resolve("demo"),
          (error) =>
            error instanceof HomegrownError && error.kind === "corrupt" && error.message.includes(path),
          `${path} at ${offset}`,
        );
      }
      await overwrite(file, original);
      await registry.resolve("demo");
    }
    await assert.rejects(
      async () => {
        await overwrite(join(folder, "empty"), Buffer.from("x"));
        await registry.promote({ name: "demo", version: "v1", reason: "test" });
      },
      isError("registry/changed-files", "empty (changed)"),
    );
  });

  test("extra, missing, linked and exchanged files are named", async () => {
    const { folder } = await registry.register(newVersion("demo", "a", true));
    const other = await registry.register(newVersion("demo", "b", true));
    await writeFile(join(folder, "nested", "extra.bin"), "x");
    await rm(join(folder, "empty"));
    await assert.rejects(registry.verify("demo@v1"), (error) =>
      isError("registry/changed-files", "empty (missing), nested/extra.bin (not signed)")(error),
    );
    await rm(join(other.folder), { recursive: true });
    await cp(folder, other.folder, { recursive: true });
    await rm(join(folder, "model.sig"));
    await assert.rejects(registry.verify("demo@v1"), isError("registry/unsigned", "model.sig"));
    await rm(join(other.folder, "nested", "extra.bin"));
    await writeFile(join(other.folder, "empty"), "");
    await assert.rejects(registry.verify("demo@v2"), isError("registry/bad-signature", "demo@v1"));
  });

  test("a whole folder without a row is adopted, anything else is refused but keeps its number", async () => {
    const { folder } = await registry.register(newVersion("demo", "a", true));
    await registry.close();
    const database = join(home, "homegrown.db");
    for (const suffix of ["", "-wal", "-shm"]) await rm(`${database}${suffix}`, { force: true });
    await cp(folder, join(home, "models", "demo", "v7"), { recursive: true });
    registry = await openRegistry(home);
    assert.deepEqual(registry.recovery.adopted, ["demo@v1"]);
    assert.equal(registry.recovery.refused.length, 1);
    assert.match(registry.recovery.refused[0]!.message, /demo@v1, expected demo@v7/);
    assert.equal((await registry.register(newVersion("demo", "b"))).version, "v8");
  });

  test("a lost private key leaves old versions verifiable", async () => {
    await registry.register(newVersion("demo", "a"));
    await rm(join(home, "keys", "signing.pem"));
    const second = await registry.register(newVersion("demo", "b"));
    const first = await registry.verify("demo@v1");
    assert.notEqual(first.keyHint, second.keyHint);
    await writeFile(join(home, "keys", "signing.pem"), "no key");
    await assert.rejects(registry.verify("demo@v1"), isError("registry/unreadable-key"));
  });
});

/** In place, so that the inode (shared with the blob) changes its content; the file is read-only. */
async function overwrite(file: string, content: Buffer): Promise<void> {
  await chmod(file, 0o644);
  const handle = await open(file, "r+");
  await handle.truncate(0);
  await handle.close();
  await appendFile(file, content);
}
