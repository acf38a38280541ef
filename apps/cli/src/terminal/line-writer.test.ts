import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { test } from "node:test";
import { createLineWriter } from "./line-writer.ts";

test("lines come in their order, many in one write, soon", async () => {
  const writes: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  const lines = createLineWriter(stream);
  for (let i = 0; i < 100; i++) lines.write(`line ${i}`);
  assert.deepEqual(writes, []);
  await setTimeout(60);
  assert.equal(writes.length, 1);
  assert.equal(writes[0], Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(""));
});

test("what nobody reads is dropped, bounded and counted", () => {
  const writes: string[] = [];
  let release: (() => void) | undefined;
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      writes.push(chunk.toString());
      release = done;
    },
  });
  const lines = createLineWriter(stream);
  const line = "x".repeat(1023);
  for (let i = 0; i < 20_000; i++) lines.write(line);
  lines.flush();
  assert.ok(stream.writableLength < 9 * 1024 * 1024, `${stream.writableLength} bytes wait`);
  while (stream.writableLength > 0) release?.();
  lines.write("after");
  lines.flush();
  release?.();
  assert.match(writes.at(-1)!, /^\(\d+ lines were dropped: nobody read them\)\nafter\n$/);
});
