import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeTinyModelFolder } from "../test-models/tiny-gguf.ts";
import type { TinyModel, TinyModelFolder } from "../test-models/tiny-gguf.ts";
import { startModelHost } from "./model-host.ts";
import type { HostEvent, ModelHost } from "./model-host.ts";

let folder: TinyModelFolder;
let model: TinyModel;
before(async () => {
  folder = await makeTinyModelFolder();
  model = await folder.make(1);
});
after(() => folder[Symbol.asyncDispose]());

async function answer(host: ModelHost, maxOutputTokens = 8): Promise<string> {
  const parts = await Array.fromAsync(
    host.completion.complete({ prompt: "export", maxOutputTokens, temperature: 0 }),
  );
  return parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
}

test("kill -9 in the middle of a stream: that request fails clearly, the next one is answered", async () => {
  const events: HostEvent[] = [];
  const host = await startModelHost({
    ggufFile: model.file,
    modelId: "tiny",
    onEvent: (event) => events.push(event),
  });
  try {
    const before = await answer(host);
    const logitBias = Object.fromEntries((await host.inspection.stopIds()).map((id) => [id, -100]));
    const stream = host.completion.complete({ prompt: "export", maxOutputTokens: 200, logitBias });
    await assert.rejects(
      async () => {
        for await (const part of stream) {
          assert.equal(part.type, "text-delta");
          process.kill(host.processId!, "SIGKILL");
        }
      },
      (error: { code: string; kind: string; retryable: boolean; message: string }) => {
        assert.equal(error.code, "serving/host-crashed");
        assert.equal(error.kind, "unavailable");
        assert.equal(error.retryable, true);
        assert.match(error.message, /SIGKILL/);
        return true;
      },
    );
    assert.equal(await answer(host), before);
    assert.deepEqual(
      events.map(({ event }) => event),
      ["host-start", "host-crash", "host-start"],
    );
  } finally {
    await host.close();
  }
});

test("a host that cannot come back is given up, and says why", async () => {
  const { file } = await folder.make(2);
  const events: HostEvent[] = [];
  const host = await startModelHost({
    ggufFile: file,
    modelId: "tiny",
    maxRestarts: 1,
    onEvent: (event) => events.push(event),
  });
  try {
    await truncate(file, 100);
    process.kill(host.processId!, "SIGKILL");
    while (events.length < 2) await sleep(10);
    await assert.rejects(answer(host), (error: { code: string; retryable: boolean; message: string }) => {
      assert.equal(error.code, "serving/host-failed");
      assert.equal(error.retryable, false);
      assert.match(error.message, /model-2\.gguf/);
      return true;
    });
  } finally {
    await host.close();
  }
});

test("a closed host answers with a clear error", async () => {
  const host = await startModelHost({ ggufFile: model.file, modelId: "tiny" });
  const stream = host.completion.complete({ prompt: "export", maxOutputTokens: 250 });
  const running = Array.fromAsync(stream).catch((error: { code: string }) => error.code);
  await host.close();
  assert.equal(await running, "serving/host-closed");
  await assert.rejects(answer(host), { code: "serving/host-closed" });
});

test("the host ends with its parent", async () => {
  const script = `
    import { startModelHost } from ${JSON.stringify(new URL("./model-host.ts", import.meta.url).href)};
    const host = await startModelHost({ ggufFile: ${JSON.stringify(model.file)}, modelId: "tiny" });
    process.send(host.processId);
    setInterval(() => undefined, 1000);
  `;
  const file = join(folder.path, "parent.mts");
  await writeFile(file, script);
  const parent = fork(file, [], { execArgv: [] });
  const [processId] = (await once(parent, "message")) as [number];
  parent.kill("SIGKILL");
  for (let waited = 0; isAlive(processId); waited += 20) {
    assert.ok(waited < 5000, "the host outlived its parent");
    await sleep(20);
  }
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

const GGUF_COUNTS_AT = 8;

test("hostile files are refused by our own reader, before native code sees them", async () => {
  const whole = await readFile(model.file);
  const hugeCount = Buffer.from(whole);
  hugeCount.writeBigUInt64LE(2n ** 60n, GGUF_COUNTS_AT);
  const noMagic = Buffer.from(whole);
  noMagic.write("ZIPF");
  const files: Record<string, Buffer> = {
    "truncated-header.gguf": whole.subarray(0, 500),
    "truncated-weights.gguf": whole.subarray(0, whole.length - 4096),
    "huge-count.gguf": hugeCount,
    "no-magic.gguf": noMagic,
    "empty.gguf": Buffer.alloc(0),
  };
  await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => {
      const ggufFile = join(folder.path, name);
      await writeFile(ggufFile, bytes);
      await assert.rejects(
        startModelHost({ ggufFile, modelId: name }),
        (error: { code: string; message: string }) => {
          assert.match(error.code, /^models\//);
          assert.ok(error.message.includes(name), error.message);
          return true;
        },
      );
    }),
  );
  await assert.rejects(startModelHost({ ggufFile: join(folder.path, "none.gguf"), modelId: "none" }), {
    code: "models/file-not-found",
  });
});

test("a context longer than trained is refused", async () => {
  await assert.rejects(startModelHost({ ggufFile: model.file, modelId: "tiny", contextLength: 100_000 }), {
    code: "serving/bad-context-length",
  });
});
