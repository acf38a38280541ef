import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { recordDurableSteps, runToCrash } from "@homegrown/testing";
import { publishFolder, stageFolder, writeFileAtomic } from "./atomic-files.ts";
import { currentProcess, toProcessToken } from "./process-identity.ts";
import { sweepTemporaries } from "./temporaries.ts";

const isError = (code: string) => (error: unknown) => error instanceof HomegrownError && error.code === code;

describe("atomic files and folders", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "homegrown-atomic-"));
  });
  after(() => rm(folder, { recursive: true }));

  test("writes text and bytes, replaces, makes folders, leaves no temporary", async () => {
    const file = join(folder, "new", "deep", "a.json");
    await writeFileAtomic(file, "first");
    await writeFileAtomic(file, new Uint8Array([0xc3, 0xa9]), { mode: 0o600 });
    assert.equal(await readFile(file, "utf8"), "é");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(join(folder, "new", "deep")), ["a.json"]);
  });

  test("exclusive refuses an existing file and keeps it", async () => {
    const file = join(folder, "exclusive");
    await writeFileAtomic(file, "mine", { exclusive: true });
    await assert.rejects(writeFileAtomic(file, "theirs", { exclusive: true }), isError("storage/exists"));
    assert.equal(await readFile(file, "utf8"), "mine");
  });

  test("a folder appears whole or not at all, and never over another one", async () => {
    const target = join(folder, "published");
    await assert.rejects(
      publishFolder(target, async (staging) => {
        await writeFile(join(staging, "half"), "x");
        throw new Error("stopped");
      }),
      /stopped/,
    );
    assert.ok(!existsSync(target));
    await publishFolder(target, async (staging) => {
      assert.ok(!existsSync(target));
      await mkdir(join(staging, "inner"));
      await writeFile(join(staging, "inner", "file"), "x");
    });
    assert.deepEqual((await readdir(target, { recursive: true })).sort(), ["inner", join("inner", "file")]);
    await assert.rejects(
      publishFolder(target, async () => {}),
      isError("storage/exists"),
    );
    await mkdir(join(folder, "empty"));
    await assert.rejects(
      publishFolder(join(folder, "empty"), async () => {}),
      isError("storage/exists"),
    );
    const staged = await stageFolder(target);
    await assert.rejects(staged.publish(target), isError("storage/exists"));
    await staged.discard();
    assert.ok(!(await readdir(folder)).some((name) => name.endsWith(".tmp")));
  });

  test("a full disk is an error that says what to do", { skip: !existsSync("/dev/full") }, async () => {
    const target = join(folder, "too-big");
    await assert.rejects(
      publishFolder(target, async (staging) => {
        await writeFile(join(staging, "ok"), "x");
        await writeFile("/dev/full", "x");
      }),
      (error) => isError("storage/disk-full")(error) && (error as HomegrownError).hint.includes("Free space"),
    );
    assert.ok(!(await readdir(folder)).some((name) => name.includes("too-big")));
  });

  test(
    "a folder that may not be written is an error that says so",
    { skip: process.getuid?.() === 0 },
    async () => {
      const locked = join(folder, "locked");
      await mkdir(locked);
      await chmod(locked, 0o500);
      await assert.rejects(writeFileAtomic(join(locked, "a"), "x"), isError("storage/not-writable"));
    },
  );

  test("sweeps what dead processes left, and nothing else", async () => {
    const place = join(folder, "swept");
    await mkdir(place);
    const self = currentProcess();
    const name = (pid: number, started = self.started, host = self.host) =>
      `.a.${toProcessToken({ pid, host, started })}.1.tmp`;
    const alive = name(self.pid);
    // This pid lives, but it is not the process that wrote: the id was used again.
    const reused = name(self.pid, "00000000");
    const foreign = name(self.pid, "00000000", "00000000");
    for (const file of [alive, reused, foreign, "user.tmp", ".hidden"])
      await writeFile(join(place, file), "");
    await mkdir(join(place, name(2 ** 22 + 1), "inner"), { recursive: true });
    const swept = await sweepTemporaries(place);
    assert.deepEqual(swept.sort(), [reused, name(2 ** 22 + 1)].sort());
    assert.deepEqual((await readdir(place)).sort(), [alive, foreign, ".hidden", "user.tmp"].sort());
  });

  test("killed at every durable step: old or new, whole, and what was reported done stays", async () => {
    const script = join(import.meta.dirname, "atomic-files.fixture.ts");
    const env = { NODE_COMPILE_CACHE: join(folder, "compile-cache") };
    const place = join(folder, "crash");
    await mkdir(place);
    const old = join(place, "old");
    await writeFile(old, "old");
    const fresh = async (name: string): Promise<string> => {
      await mkdir(join(place, name));
      await copyFile(old, join(place, name, "file"));
      return join(place, name);
    };
    const steps = await recordDurableSteps({ script, args: [await fresh("whole")], env });
    assert.deepEqual([...new Set(steps.map(({ step }) => step))].sort(), ["fsync", "rename", "write"]);
    const crash = async (crashAt: number): Promise<void> => {
      const home = await fresh(`at-${crashAt}`);
      const { crashed, stdout } = await runToCrash({ script, args: [home], env, crashAt });
      assert.ok(crashed, `step ${crashAt} was not reached`);
      const content = await readFile(join(home, "file"), "utf8");
      const isNew = content === "new".repeat(10_000);
      assert.ok(content === "old" || isNew, `${content.length} characters at ${crashAt}`);
      const published = await readdir(join(home, "folder")).catch(() => []);
      assert.ok([0, 2].includes(published.length));
      if (stdout.includes("file")) assert.ok(isNew);
      if (stdout.includes("folder")) assert.equal(published.length, 2);
      await sweepTemporaries(home);
      assert.deepEqual(
        (await readdir(home)).filter((name) => name.endsWith(".tmp")),
        [],
      );
    };
    const indexes = steps.keys();
    await Promise.all(
      [1, 2].map(async () => {
        for (const index of indexes) await crash(index);
      }),
    );
  });
});
