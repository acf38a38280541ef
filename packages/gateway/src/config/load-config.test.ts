import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { findConfig, loadConfig } from "./load-config.ts";
import type { LoadedConfig } from "./load-config.ts";
import { watchConfig } from "./watch-config.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "homegrown-config-"));
});
after(() => rm(folder, { recursive: true, force: true }));

let numFiles = 0;
async function write(text: string, extension = "ts"): Promise<string> {
  const path = join(folder, `c${++numFiles}.${extension}`);
  await writeFile(path, text);
  return path;
}

describe("loading a configuration", () => {
  it("runs TypeScript that imports defineConfig, although nothing is installed beside it", async () => {
    const path = await write(`
      import { defineConfig } from "@homegrown/gateway";
      const port: number = 9000;
      console.log("printed", JSON.stringify({ kind: "config", value: { port: 1 } }));
      setInterval(() => undefined, 1000);
      export default defineConfig({ port, routes: { fast: "own/first" }, state: undefined });
    `);
    const { config, path: read, digest } = await loadConfig(path);
    assert.deepEqual([config.port, Object.keys(config.routes), read], [9000, ["fast"], path]);
    assert.match(digest, /^[0-9a-f]{64}$/);
  });

  it("takes a promise, an export named config, JavaScript and JSON", async () => {
    const promised = await write("export default Promise.resolve({ port: 1 });", "mjs");
    const named = await write("export const config = { port: 2 };", "js");
    const json = await write('{ "port": 3 }', "json");
    const ports = await Promise.all(
      [promised, named, json].map(async (path) => (await loadConfig(path)).config.port),
    );
    assert.deepEqual(ports, [1, 2, 3]);
  });

  it("carries a large one whole", async () => {
    const path = await write(
      "export default { allowedHosts: Array.from({ length: 1000 }, (_, i) => 'a'.repeat(240) + i) };",
      "mjs",
    );
    assert.equal((await loadConfig(path)).config.allowedHosts.length, 1000);
  });

  it("gives the file neither the gateway's debugger nor its working folder", async () => {
    const path = await write(
      "export default { host: String(process.env.NODE_OPTIONS), allowedHosts: [process.cwd().replaceAll('/', '_')] };",
      "mjs",
    );
    const { config } = await loadConfig(path);
    assert.equal(config.host, "undefined");
    assert.deepEqual(config.allowedHosts, [folder.replaceAll("/", "_")]);
  });

  const faults: [name: string, text: string, extension: string, code: string, message: RegExp][] = [
    [
      "TypeScript that is none",
      "const a = 1;\nexport default { a: ;",
      "ts",
      "syntax",
      /c\d+\.ts:2: Expression expected/,
    ],
    [
      "JavaScript that is none",
      "export default {\n  a: 1,,\n};",
      "js",
      "syntax",
      /c\d+\.js:2: Unexpected token/,
    ],
    ["an enum", "enum X { A }\nexport default {};", "ts", "syntax", /c\d+\.ts:1: .*enum/],
    ["JSON that is none", '{\n  "port": 1,\n}', "json", "syntax", /c\d+\.json:3:1: not JSON; expected a/],
    ["an exception", "\nthrow new RangeError('boom');", "mjs", "threw", /c\d+\.mjs:2: RangeError: boom/],
    ["a thrown text", "throw 'boom';", "mjs", "threw", /: Thrown: a string instead/],
    ["a missing import", 'import "./nowhere.js";', "mjs", "threw", /Cannot find module/],
    ["a rejected promise", "export default Promise.reject(new Error('x'));", "mjs", "threw", /./],
    ["an end of the process", "process.exit(0);", "mjs", "threw", /ended before/],
    ["no export", "export const other = {};", "ts", "no-export", /no default export/],
    ["a function", "export default () => ({});", "mjs", "not-plain", /its export is a function/],
    [
      "a date inside",
      "export default { routes: [1, new Date()] };",
      "mjs",
      "not-plain",
      /routes\[1\] is .* class Date/,
    ],
    ["a wrong setting", "export default { prot: 1 };", "mjs", "invalid", /c\d+\.mjs: prot is not a setting/],
    ["null", "export default null;", "mjs", "invalid", /the configuration expected object/],
  ];
  for (const [name, text, extension, code, message] of faults) {
    it(`says what is wrong: ${name}`, async () => {
      const path = await write(text, extension);
      await assert.rejects(loadConfig(path), (error: HomegrownError) => {
        assert.ok(error instanceof HomegrownError, String(error));
        assert.equal(error.code, `gateway/config-${code}`, error.message);
        assert.match(error.message, message);
        assert.ok(error.message.includes(path) && error.hint.length > 10);
        return true;
      });
    });
  }

  it("ends a file that hangs, and one that exports without end", async () => {
    const endless = await write("for (;;);", "mjs");
    const waiting = await write("await new Promise((r) => setTimeout(r, 60_000));", "mjs");
    for (const path of [endless, waiting]) {
      await assert.rejects(loadConfig(path, { timeoutMs: 300 }), { code: "gateway/config-timeout" });
    }
    const huge = await write("export default { host: 'x'.repeat(10_000_000) };", "mjs");
    await assert.rejects(loadConfig(huge), { code: "gateway/config-too-large" });
    await assert.rejects(loadConfig(await write(" ".repeat(2000), "json"), { maxBytes: 1000 }), {
      code: "gateway/config-too-large",
    });
  });

  it("finds the file of a folder", async () => {
    const home = await mkdtemp(join(folder, "home-"));
    assert.equal(await findConfig(home), undefined);
    await writeFile(join(home, "homegrown.config.json"), "{}");
    assert.equal(await findConfig(home), join(home, "homegrown.config.json"));
    await writeFile(join(home, "homegrown.config.ts"), "");
    assert.equal(await findConfig(home), join(home, "homegrown.config.ts"));
    await assert.rejects(loadConfig(join(home, "nothing.ts")), { code: "gateway/config-not-found" });
    await assert.rejects(loadConfig(join(home, "x.yaml")), { code: "gateway/config-unreadable" });
  });
});

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never came: ${what}`);
}

describe("watching a configuration", () => {
  interface Seen {
    path: string;
    ports: number[];
    errors: string[];
    reload(): Promise<void>;
    close(): void;
  }
  async function start(onChange?: (loaded: LoadedConfig) => void): Promise<Seen> {
    const home = await mkdtemp(join(folder, "watch-"));
    const path = join(home, "homegrown.config.json");
    await writeFile(path, '{ "port": 1 }');
    const seen: Pick<Seen, "ports" | "errors"> = { ports: [], errors: [] };
    const watcher = watchConfig(await loadConfig(path), {
      onChange: (loaded) => {
        onChange?.(loaded);
        seen.ports.push(loaded.config.port);
      },
      onError: (error) => seen.errors.push(error instanceof HomegrownError ? error.code : String(error)),
      debounceMs: 20,
    });
    return { path, ...seen, ...watcher };
  }
  it("takes over a change, written or put in its place, and keeps the old when the new is bad", async () => {
    const seen = await start();
    await writeFile(seen.path, '{ "port": 2 }');
    await until("the change", () => seen.ports.length === 1);
    await writeFile(`${seen.path}.new`, '{ "port": 3 }');
    await rename(`${seen.path}.new`, seen.path);
    await until("the replacement", () => seen.ports.length === 2);
    await writeFile(seen.path, '{ "port": 4, }');
    await until("the fault", () => seen.errors.length === 1);
    await writeFile(seen.path, '{ "port": 5 }');
    await until("the repair", () => seen.ports.length === 3);
    await rm(seen.path);
    await until("the loss", () => seen.errors.length === 2);
    await writeFile(seen.path, '{ "port": 6 }');
    await until("the return", () => seen.ports.length === 4);
    seen.close();
    assert.deepEqual(seen.ports, [2, 3, 5, 6]);
    assert.deepEqual(seen.errors, ["gateway/config-syntax", "gateway/config-not-found"]);
  });

  it("does nothing for the same bytes, and reads them again when asked to", async () => {
    const seen = await start();
    await writeFile(seen.path, await readFile(seen.path));
    await writeFile(`${seen.path}.other`, "beside it");
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual([seen.ports, seen.errors], [[], []]);
    await seen.reload();
    assert.deepEqual(seen.ports, [1]);
    seen.close();
    await seen.reload();
    await writeFile(seen.path, '{ "port": 2 }');
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.deepEqual(seen.ports, [1], "nothing comes after it was closed");
  });

  it("tells of a new one that could not be put to use", async () => {
    const seen = await start(() => {
      throw new Error("no such secret");
    });
    await seen.reload();
    assert.deepEqual([seen.ports, seen.errors], [[], ["Error: no such secret"]]);
    seen.close();
  });
});
