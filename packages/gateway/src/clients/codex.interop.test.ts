// OpenAI's Codex command line, the real one: it asks a model what to do, does it on this machine, and tells the
// model what came of it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, it } from "node:test";
import { ensureNpm, startScriptedUpstream } from "@homegrown/testing";
import { CODEX_PACKAGE, FRONTS, PAIRINGS } from "./matrix.ts";
import type { PairingName } from "./matrix.ts";
import { PNG } from "./scenarios.fixture.ts";
import { openWorld } from "./world.fixture.ts";
import type { World } from "./world.fixture.ts";

const PROMPT = 'Now call exec_command({"cmd":"echo grown > seed.txt && cat seed.txt"}) please.';
const MAX_MS = 60_000;

let world: World;
let codex: string;
let folder: string;
/** Whatever Codex wants of the world outside goes here, and is counted. */
let numAskedOutside = 0;
const outside = createServer().on("connection", (socket) => {
  numAskedOutside++;
  socket.destroy();
});

before(async () => {
  codex = join(await ensureNpm([CODEX_PACKAGE]), "node_modules/@openai/codex/bin/codex.js");
  world = await openWorld(startScriptedUpstream);
  folder = await mkdtemp(join(tmpdir(), "homegrown-codex-"));
  await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
  outside.close();
});
beforeEach(() => world.upstream.reset());

interface Ran {
  work: string;
  events: { type: string; item?: { type: string; text?: string; exit_code?: number } }[];
}

/** One `codex exec`, in a home and a folder of its own. */
async function run(pairing: PairingName, args: readonly string[], settings = ""): Promise<Ran> {
  const home = await mkdtemp(join(folder, "home-"));
  const work = join(home, "work");
  await mkdir(work);
  await writeFile(
    join(home, "config.toml"),
    `model = "${world.alias(pairing, "responses")}"
model_provider = "homegrown"
check_for_update_on_startup = false
${settings}
[features]
plugins = false
remote_plugin = false
apps = false
[analytics]
enabled = false
[feedback]
enabled = false
[model_providers.homegrown]
name = "homegrown"
base_url = "${world.gateway.url}/v1"
env_key = "HOMEGROWN_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`,
  );
  const proxy = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const child = spawn(
    process.execPath,
    // The folder is the test's own; a sandbox needs namespaces that not every machine grants.
    [codex, "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", ...args],
    {
      cwd: work,
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        CODEX_HOME: home,
        HOMEGROWN_KEY: world.key,
        HTTP_PROXY: proxy,
        HTTPS_PROXY: proxy,
        NO_PROXY: "127.0.0.1",
      },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: MAX_MS,
      killSignal: "SIGKILL",
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(code, 0, `${out}\n${errors}`);
  const events = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Ran["events"][number]);
  return { work, events };
}

function said({ events }: Ran): string | undefined {
  return events.findLast(({ item }) => item?.type === "agent_message")?.item?.text;
}

for (const pairing of Object.keys(PAIRINGS) as PairingName[]) {
  describe(`Codex over ${pairing}`, () => {
    it("runs a command that the model asks for, and shows it the output", async () => {
      const ran = await run(pairing, [PROMPT]);
      assert.equal(await readFile(join(ran.work, "seed.txt"), "utf8"), "grown\n");
      const command = ran.events.findLast(({ item }) => item?.type === "command_execution");
      assert.equal(command?.item?.exit_code, 0);
      assert.match(said(ran)!, /^Results: exec_command=[^]*grown/);
      const records = await world.upstream.records();
      const { path } = FRONTS[PAIRINGS[pairing].upstream.responses];
      assert.deepEqual(
        records.map(({ path, outcome }) => [path, outcome]),
        [
          [path, "completed"],
          [path, "completed"],
        ],
      );
      const [, second] = await world.upstream.bodies();
      assert.match(JSON.stringify(second!.body), /Process exited with code 0[^]*grown/);
    });

    it("hands thoughts back as they came", async () => {
      const reasons = `model_reasoning_effort = "medium"
model_reasoning_summary = "auto"
model_supports_reasoning_summaries = true`;
      const ran = await run(pairing, [PROMPT], reasons);
      const thought = ran.events.find(({ item }) => item?.type === "reasoning");
      assert.match(String(thought?.item?.text), /^Thinking about: /);
      assert.match(said(ran)!, /^Results: exec_command=/);
    });

    it("shows a picture, and asks for an answer that keeps to a schema", async () => {
      const picture = join(folder, "dot.png");
      const schema = join(folder, "schema.json");
      await writeFile(picture, Buffer.from(PNG, "base64"));
      const properties = { city: { type: "string" }, population: { type: "integer" } };
      await writeFile(
        schema,
        JSON.stringify({
          type: "object",
          properties,
          required: ["city", "population"],
          additionalProperties: false,
        }),
      );
      assert.match(
        said(await run(pairing, ["--image", picture, "--", "What?"]))!,
        /I see 1 image\(s\): image\/png/,
      );
      const answer = JSON.parse(said(await run(pairing, ["--output-schema", schema, "Bern"]))!) as object;
      assert.deepEqual(Object.keys(answer).sort(), ["city", "population"]);
    });
  });
}

it("Codex asked nobody else", () => assert.equal(numAskedOutside, 0));
