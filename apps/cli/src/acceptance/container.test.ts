// No container engine runs with `npm test`. What can go wrong in these files without one is looked for here; their
// command lines are run as they stand.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { readCommandStart } from "@homegrown/testing";
import { startCommand } from "./command-line.ts";

const ROOT = path.resolve(import.meta.dirname, "../../../..");
const containerfile = readFileSync(path.join(ROOT, "Containerfile"), "utf8");
const compose = readFileSync(path.join(ROOT, "compose.yaml"), "utf8");
/** One a line, continuations joined, comments gone. */
const instructions = containerfile
  .replace(/^\s*#.*\n/gm, "")
  .replace(/\\\n\s*/g, " ")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => ({ name: line.split(" ", 1)[0]!, rest: line.slice(line.indexOf(" ") + 1) }));

function valuesOf(name: string): string[] {
  return instructions.filter((one) => one.name === name).map(({ rest }) => rest);
}

/** The exec form, as JSON. */
function wordsOf(name: string): string[] {
  return JSON.parse(valuesOf(name).at(-1)!) as string[];
}

describe("the container file", () => {
  test("every instruction is one, and what is copied exists", () => {
    const known = "ARG FROM WORKDIR COPY RUN ENV USER VOLUME EXPOSE HEALTHCHECK STOPSIGNAL ENTRYPOINT CMD";
    for (const { name } of instructions) assert.ok(known.split(" ").includes(name), name);
    for (const copy of valuesOf("COPY")) {
      if (copy.startsWith("--from=")) continue;
      for (const source of copy.split(" ").slice(0, -1)) {
        assert.ok(existsSync(path.join(ROOT, source)), `COPY ${source}`);
      }
    }
  });

  test("its Node is the project's, nobody is root in it, and no secret is baked in", () => {
    const { devDependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    assert.deepEqual(valuesOf("ARG"), [`NODE_VERSION=${devDependencies["node"]}`]);
    assert.deepEqual(valuesOf("USER"), ["node"]);
    const order = instructions.map(({ name }) => name);
    assert.ok(
      order.lastIndexOf("RUN") < order.indexOf("USER") && order.indexOf("USER") < order.indexOf("ENTRYPOINT"),
    );
    assert.doesNotMatch(valuesOf("ENV").join(" "), /KEY|TOKEN|PASSWORD|postgres:\/\//);
    const ignored = readFileSync(path.join(ROOT, ".dockerignore"), "utf8").split("\n");
    for (const name of ["secrets", ".homegrown", ".git", "**/node_modules"])
      assert.ok(ignored.includes(name));
  });

  test("entry, command and health check do what they say, as they stand", async (t) => {
    const scratch = await mkdtemp(path.join(tmpdir(), "homegrown-container-"));
    t.after(() => rm(scratch, { recursive: true, force: true }));
    const [program, ...rest] = wordsOf("ENTRYPOINT");
    const entry = rest.at(-1);
    // A process in the container runs with what the command gives itself outside of one.
    const start = readCommandStart();
    assert.deepEqual(rest.slice(0, -1), start.flags);
    const variables = valuesOf("ENV").join(" ").split(" ");
    for (const [name, value] of Object.entries(start.env)) assert.ok(variables.includes(`${name}=${value}`));
    assert.equal(program, "node");
    assert.ok(existsSync(path.join(ROOT, entry!.replace(/^\/app\//, ""))), entry);

    const port = 20_000 + (process.pid % 20_000);
    const inContainer = (text: string): string => text.replaceAll("8080", String(port));
    await mkdir(path.join(scratch, "secrets"));
    await writeFile(path.join(scratch, "secrets", "UPSTREAM_KEY"), "sk-secret\n");
    await writeFile(
      path.join(scratch, "homegrown.config.json"),
      JSON.stringify({
        providers: {
          up: {
            kind: "openai-compatible",
            baseUrl: "http://127.0.0.1:1/v1",
            apiKey: { env: "UPSTREAM_KEY" },
          },
        },
      }),
    );
    const env = {
      HOMEGROWN_HOME: path.join(scratch, "state"),
      HOMEGROWN_SECRETS: path.join(scratch, "secrets"),
    };
    const run = (...args: string[]): ReturnType<typeof startCommand> =>
      startCommand(args, { cwd: scratch, env });
    const command = wordsOf("CMD").map(inContainer);
    const before = await run(...command).outcome;
    assert.match(before.stderr, /gateway\/loopback-only[^]*keys create/, "before a key exists it says so");

    assert.equal((await run("keys", "create", "--name", "first").outcome).code, 0);
    const check = inContainer(valuesOf("HEALTHCHECK")[0]!.replace(/^.*? CMD /, ""));
    const isHealthy = (): boolean => {
      const [, ...args] = JSON.parse(check) as string[];
      return spawnSync(process.execPath, args).status === 0;
    };
    assert.equal(isHealthy(), false);
    const serving = run(...command);
    const deadline = performance.now() + 20_000;
    while (!isHealthy() && performance.now() < deadline) assert.equal(serving.child.exitCode, null);
    assert.equal(isHealthy(), true);
    serving.child.kill(valuesOf("STOPSIGNAL")[0] as NodeJS.Signals);
    assert.equal((await serving.outcome).code, 0);
  });
});

describe("the compose file", () => {
  test("each secret that is used is declared, comes from a file, and is no value", () => {
    const declared = compose.slice(compose.indexOf("\nsecrets:"));
    const used = [...compose.matchAll(/^ {6}- ([A-Z]+_[A-Z_]+)$/gm)].map(([, name]) => name!);
    assert.ok(used.length >= 4);
    for (const name of used)
      assert.match(declared, new RegExp(`\\n  ${name}:\\n    file: ./secrets/${name}\\n`));
    assert.doesNotMatch(compose, /^ {4,}\w*(PASSWORD|KEY|URL): /m);
  });

  test("the database is on the inner network only, and the gateway waits for it", () => {
    const postgres = compose.slice(compose.indexOf("\n  postgres:"), compose.indexOf("\nnetworks:"));
    assert.match(postgres, /\n {4}networks:\n {6}- inside\n(?! {6}-)/);
    assert.doesNotMatch(postgres, /ports:/);
    assert.match(compose, /\n {2}inside:\n {4}internal: true\n/);
    assert.match(compose, /condition: service_healthy/);
  });
});
