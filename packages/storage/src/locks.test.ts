import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { acquireLock } from "./locks.ts";
import { currentProcess, processState } from "./process-identity.ts";

const fixture = join(import.meta.dirname, "locks.fixture.ts");

describe("locks across processes", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "homegrown-locks-"));
  });
  after(() => rm(folder, { recursive: true }));

  test("excludes inside one process, releases once, and can be taken again", async () => {
    const path = join(folder, "inside");
    const lock = await acquireLock(path, "first");
    await assert.rejects(acquireLock(path, "second"), isLockedBy(process.pid, "first"));
    await lock.release();
    await lock.release();
    const again = await acquireLock(path, "third");
    await again.release();
  });

  // A holder that reads its own lock file loses the kernel's lock, yet must keep excluding others.
  for (const mode of ["hold", "hold-and-read"]) {
    test(`names the process that holds it, and is free when that process is killed (${mode})`, async () => {
      const path = join(folder, mode);
      const child = spawn(process.execPath, [fixture, mode, path], { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      await assert.rejects(acquireLock(path, "mine"), isLockedBy(child.pid!, "holding"));
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      const lock = await acquireLock(path, "mine");
      await assert.rejects(acquireLock(path, "other"), isLockedBy(process.pid, "mine"));
      await lock.release();
    });
  }

  test("six processes that die holding it never hold it together", async () => {
    // Each adds 1 to a number in a file, 5 times, under the lock, and kills itself without releasing the last.
    const path = join(folder, "counter");
    await writeFile(`${path}.txt`, "0");
    const codes = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const child = spawn(process.execPath, [fixture, "count", path], { stdio: "inherit" });
        const [, signal] = (await once(child, "exit")) as [number | null, string | null];
        return signal;
      }),
    );
    assert.deepEqual(
      codes,
      Array.from({ length: 6 }, () => "SIGKILL"),
    );
    assert.equal(await readFile(`${path}.txt`, "utf8"), "30");
  });

  test("a process is its id and its start: a reused id is another process", async () => {
    const self = currentProcess();
    assert.equal(processState(self), "alive");
    if (self.started !== "") assert.equal(processState({ ...self, started: "00000000" }), "dead");
    assert.equal(processState({ ...self, pid: 2 ** 22 + 1 }), "dead");
    assert.equal(processState({ ...self, host: "00000000" }), "unknown");
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    assert.equal(processState({ ...self, pid: child.pid! }), "dead");
  });
});

function isLockedBy(pid: number, purpose: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof HomegrownError &&
    error.code === "storage/locked" &&
    error.kind === "conflict" &&
    error.message.includes(`process ${pid} `) &&
    error.message.includes(purpose) &&
    error.hint.includes(String(pid));
}
