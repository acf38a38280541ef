// What a person meets when something is wrong: a code, a sentence, a hint, the right exit code, and
// nothing lost or half-written.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { homePaths } from "@homegrown/storage";
import { writeTinyCorpus } from "@homegrown/testing";
import { runCommand, runJson, startCommand, untilPrinted, type Outcome } from "./command-line.ts";

interface TrainResult {
  run: string;
  result: { steps: number; finalLoss: number; metricsFile: string };
}

const TINY = ["--size", "nano", "--sequence", "64", "--batch", "2", "--workers", "2"];

describe("faults on the command line", () => {
  let scratch = "";
  let home = "";

  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "homegrown-faults-"));
    home = path.join(scratch, "home");
    const corpus = path.join(scratch, "corpus");
    await writeTinyCorpus(corpus, 60);
    await runJson(["data", "--from", corpus, "--vocab", "512", "--name", "tiny", "--home", home]);
  });
  after(() => rm(scratch, { recursive: true, force: true }));

  const train = (run: string, steps: number, more: readonly string[] = []): string[] =>
    ["train", "--dataset", "tiny", "--run", run, "--steps", String(steps), "--home", home].concat(TINY, more);

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends training with 130 after a checkpoint, and the same command goes on to equal bits`, async () => {
      const whole = await runJson<TrainResult>(train(`whole-${signal.toLowerCase()}`, 60));
      const command = startCommand(train(`cut-${signal.toLowerCase()}`, 60));
      await untilPrinted(command, /train step/);
      command.child.kill(signal);
      const outcome = await command.outcome;
      assert.equal(outcome.code, 130, outcome.stderr);
      assert.match(outcome.stderr, /hint: Run the same command again/);
      const resumed = await runJson<TrainResult>(train(`cut-${signal.toLowerCase()}`, 60));
      assert.equal(resumed.result.steps, 60);
      assert.equal(
        await readFile(resumed.result.metricsFile, "utf8"),
        await readFile(whole.result.metricsFile, "utf8"),
      );
    });
  }

  test("Ctrl+C in a run without a name: the hint names the run to resume", async () => {
    const command = startCommand(
      ["train", "--dataset", "tiny", "--steps", "200000", "--name", "mine", "--home", home].concat(TINY),
    );
    await untilPrinted(command, /train step/);
    command.child.kill("SIGINT");
    const { code, stderr } = await command.outcome;
    assert.equal(code, 130, stderr);
    const run = /hint: Go on with: homegrown train --resume (train-\d+) --name mine$/m.exec(stderr)?.[1];
    assert.ok(run !== undefined, stderr);
    assert.ok((await readdir(path.join(home, "runs"))).includes(run));
  });

  test("up refuses a name, a host or a port that it could not use before it does anything", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    const untouched = path.join(scratch, "untouched");
    const up = async (...more: string[]): Promise<Outcome> =>
      runCommand(["up", "--data", path.join(scratch, "corpus"), "--home", untouched, ...more]);
    try {
      const misnamed = await up("--name", "My Model");
      assert.equal(misnamed.code, 2);
      assert.match(misnamed.stderr, /option '--name <name>' argument 'My Model' is invalid\. \S/);
      fails(await up("--once", "--host", "0.0.0.0"), "gateway/loopback-only", 1);
      fails(await up("--port", String(port)), "gateway/port-in-use", 1);
      assert.deepEqual(await readdir(path.join(untouched, "data")).catch(() => []), []);
    } finally {
      taken.close();
    }
  });

  test("two processes on one run: the second is told who holds it", async () => {
    const first = startCommand(train("contested", 200_000));
    await untilPrinted(first, /train step/);
    const second = await runCommand(train("contested", 200_000));
    first.child.kill("SIGINT");
    fails(second, "storage/locked", 1);
    assert.match(second.stderr, new RegExp(`${first.child.pid}`));
    assert.equal((await first.outcome).code, 130);
  });

  test("a port in use is named", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    const gguf = path.join(scratch, "none.gguf");
    await writeFile(gguf, "GGUF");
    fails(
      await runCommand(["models", "import", gguf, "--name", "x", "--license", "MIT", "--home", home]),
      "models/malformed-file",
      1,
    );
    const trained = await runJson<{ version: string }>(train("served", 2, ["--name", "served"]));
    await runJson(["models", "promote", trained.version, "--reason", "test", "--home", home]);
    const outcome = await runCommand(["serve", "--port", String(port), "--home", home]);
    taken.close();
    fails(outcome, "gateway/port-in-use", 1);
  });

  test("corpora that cannot be learnt from say why", async () => {
    const folder = async (name: string, files: Record<string, string | Uint8Array>): Promise<string> => {
      const target = path.join(scratch, name);
      await mkdir(target, { recursive: true });
      for (const [file, content] of Object.entries(files)) await writeFile(path.join(target, file), content);
      return target;
    };
    const prepare = async (from: string): Promise<Outcome> =>
      runCommand(["data", "--from", from, "--home", path.join(scratch, "other")]);
    fails(await prepare(await folder("empty", {})), "data/empty-corpus", 1);
    fails(await prepare(path.join(scratch, "nowhere")), "data/no-such-source", 1);
    fails(
      await prepare(
        await folder("one", { "a.txt": "One short sentence stands here, and nothing else does at all." }),
      ),
      /data\/(one-document|everything-filtered-out)/,
      1,
    );
    const binary = await prepare(
      await folder("binary", {
        "a.txt": Uint8Array.from({ length: 4000 }, (_, i) => i % 7),
        "b.txt": Buffer.from([0xff, 0xfe, 0xc3, 0x28]),
      }),
    );
    fails(binary, /data\/everything-filtered-out|data\/empty-corpus/, 1);
    assert.deepEqual(
      await readdir(path.join(scratch, "other", "data")).catch(() => []),
      [],
      "nothing half-written is left",
    );
  });

  test("impossible sizes and lengths are refused before any work", async () => {
    fails(await runCommand([...train("a", 5), "--size", "enormous"]), "models/unknown-size", 1);
    fails(await runCommand([...train("b", 5), "--batch", "3"]), "training/bad-plan", 1);
    fails(await runCommand(train("c", 5, ["--minutes", "1"])), "cli/usage", 2);
    fails(await runCommand(train("d", 5, ["--optimizer", "sgd"])), "cli/usage", 2);
  });

  test("wrong usage ends with 2, unknown things with 1", async () => {
    assert.equal((await runCommand(["frobnicate"])).code, 2);
    assert.equal((await runCommand(["train", "--steps", "many"])).code, 2);
    for (const share of ["0", "0.6", "half"]) {
      const outcome = await runCommand(["data", "--held-out", share]);
      assert.equal(outcome.code, 2, share);
      assert.match(outcome.stderr, /above 0 and at most 0\.5/);
    }
    fails(await runCommand(["models", "show", "nobody", "--home", home]), "registry/unknown-model", 1);
    fails(
      await runCommand(["serve", "--home", path.join(scratch, "empty-home"), "--port", "0"]),
      "cli/no-models",
      1,
    );
    fails(await runCommand(["train", "--resume", "never", "--home", home]), "training/unknown-run", 1);
  });

  test("every command explains itself with an example", async () => {
    for (const name of ["up", "chat", "serve", "data", "train", "eval", "models", "doctor"]) {
      const { code, stdout } = await runCommand([name, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, /Example:/, name);
    }
  });

  test("doctor finds this machine ready", async () => {
    const { ok, findings } = await runJson<{ ok: boolean; findings: { name: string; found: string }[] }>([
      "doctor",
      "--home",
      home,
    ]);
    assert.equal(ok, true);
    const found = (name: string): string => findings.find((finding) => finding.name === name)?.found ?? "";
    assert.match(found("training"), /multiplies matrices/);
    assert.match(found("models"), /^\d+ models, \d+ versions$/);
  });

  test("doctor reports a home whose registry cannot be opened instead of failing", async () => {
    const broken = path.join(scratch, "broken");
    await mkdir(broken);
    await writeFile(
      homePaths(broken).database,
      "this is no database, and no database looks like this. ".repeat(20),
    );
    const { code, stdout } = await runCommand(["doctor", "--home", broken]);
    assert.equal(code, 1);
    assert.match(stdout, /✗ models/);
  });
});

function fails(outcome: Outcome, code: string | RegExp, exitCode: number): void {
  assert.equal(outcome.code, exitCode, `${outcome.stdout}\n${outcome.stderr}`);
  const line = outcome.stderr.split("\n").find((candidate) => /^[a-z-]+\/[a-z-]+: /.test(candidate)) ?? "";
  if (typeof code === "string") assert.equal(line.split(": ")[0], code, outcome.stderr);
  else assert.match(line, code);
  assert.match(outcome.stderr, /\n\s+hint: \S/);
}
