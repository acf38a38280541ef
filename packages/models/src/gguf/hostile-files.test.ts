// Files that lie about themselves, each in one place, built by hand: the error names that place, at once.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { VALUE_TYPES } from "./header.ts";
import { encodeEntry, encodeString, uint32, uint64 } from "./metadata.ts";
import { readGgufHeader } from "./reader.ts";

interface Parts {
  magic: string;
  version: number;
  tensorCount: number;
  entryCount: number;
  entries: Buffer[];
  tensors: Buffer[];
  dataBytes: number;
}

const MAX_U64 = Buffer.alloc(8, 0xff);

function tensor({ name = "a", sizes = [32], type = 0, offset = 0 } = {}): Buffer {
  return Buffer.concat([
    encodeString(name),
    uint32(sizes.length),
    ...sizes.map(uint64),
    uint32(type),
    uint64(offset),
  ]);
}

const text = (key: string, value: string): Buffer => encodeEntry({ key, type: "string", value });
const raw = (key: string, ...parts: Buffer[]): Buffer => Buffer.concat([encodeString(key), ...parts]);

function build(changes: Partial<Parts>): Buffer {
  const entries = changes.entries ?? [text("general.architecture", "qwen3")];
  const tensors = changes.tensors ?? [tensor()];
  const header = Buffer.concat([
    Buffer.from(changes.magic ?? "GGUF"),
    uint32(changes.version ?? 3),
    uint64(changes.tensorCount ?? tensors.length),
    uint64(changes.entryCount ?? entries.length),
    ...entries,
    ...tensors,
  ]);
  const padded = Buffer.alloc(Math.ceil(header.length / 32) * 32 + (changes.dataBytes ?? 128));
  header.copy(padded);
  return padded;
}

const HOSTILE: Record<string, { file: Buffer; says: RegExp }> = {
  "empty file": { file: Buffer.alloc(0), says: /magic/ },
  "other magic": { file: build({ magic: "GGML" }), says: /magic: "GGML"/ },
  "version 1": { file: build({ version: 1 }), says: /version: 1;/ },
  "big-endian": { file: build({ version: 0x03000000 }), says: /version.*big-endian/ },
  "2^50 tensors": { file: build({ tensorCount: 2 ** 50 }), says: /tensor count/ },
  "2^50 entries": { file: build({ entryCount: 2 ** 50 }), says: /metadata count/ },
  "key past the file": { file: build({ entries: [Buffer.concat([MAX_U64])] }), says: /key length/ },
  "string past the file": {
    file: build({ entries: [raw("k", uint32(VALUE_TYPES.string), MAX_U64)] }),
    says: /"k" length: 18446744073709551615/,
  },
  "unknown value type": { file: build({ entries: [raw("k", uint32(99))] }), says: /"k" type: 99/ },
  "array of 2^60": {
    file: build({
      entries: [raw("k", uint32(VALUE_TYPES.array), uint32(VALUE_TYPES.uint8), uint64(2 ** 60))],
    }),
    says: /"k" length/,
  },
  "array in array": {
    file: build({ entries: [raw("k", uint32(VALUE_TYPES.array), uint32(VALUE_TYPES.array), uint64(1))] }),
    says: /arrays of arrays/,
  },
  "boolean of 2": {
    file: build({ entries: [raw("k", uint32(VALUE_TYPES.bool), Buffer.of(2))] }),
    says: /boolean/,
  },
  "key twice": { file: build({ entries: [text("k", "a"), text("k", "b")] }), says: /"k": given twice/ },
  "alignment 24": {
    file: build({ entries: [encodeEntry({ key: "general.alignment", type: "uint32", value: 24 })] }),
    says: /general\.alignment: 24/,
  },
  "alignment 0": {
    file: build({ entries: [encodeEntry({ key: "general.alignment", type: "uint32", value: 0 })] }),
    says: /general\.alignment: 0/,
  },
  "alignment as text": {
    file: build({ entries: [text("general.alignment", "32")] }),
    says: /general\.alignment/,
  },
  "five dimensions": {
    file: build({ tensors: [tensor({ sizes: [1, 1, 1, 1, 1] })] }),
    says: /"a" dimensions: 5/,
  },
  "no dimension": { file: build({ tensors: [tensor({ sizes: [] })] }), says: /"a" dimensions: 0/ },
  "dimension 0": { file: build({ tensors: [tensor({ sizes: [32, 0] })] }), says: /"a" dimension 1/ },
  "product past 2^64": {
    file: build({ tensors: [tensor({ sizes: [2 ** 33, 2 ** 33] })] }),
    says: /"a": .*does not fit/,
  },
  "unknown tensor type": { file: build({ tensors: [tensor({ type: 4 })] }), says: /"a" type: 4/ },
  "row of no whole block": {
    file: build({ tensors: [tensor({ sizes: [33], type: 8 })] }),
    says: /rows of 33 numbers; Q8_0/,
  },
  "offset not aligned": {
    file: build({ tensors: [tensor({ offset: 8 })], dataBytes: 256 }),
    says: /"a" offset/,
  },
  "offset past the file": { file: build({ tensors: [tensor({ offset: 2 ** 40 })] }), says: /"a": ends at/ },
  "data cut off": { file: build({ dataBytes: 96 }), says: /truncated/ },
  overlap: {
    file: build({ tensors: [tensor(), tensor({ name: "b", offset: 32 })], dataBytes: 512 }),
    says: /"b": overlaps/,
  },
  "name twice": {
    file: build({ tensors: [tensor(), tensor({ offset: 128 })], dataBytes: 512 }),
    says: /"a": given twice/,
  },
  "name of 64 bytes": {
    file: build({ tensors: [tensor({ name: "n".repeat(64) })] }),
    says: /tensor 0 name length/,
  },
};

for (const [name, { file, says }] of Object.entries(HOSTILE)) {
  test(`${name}: refused, naming the place`, async (t) => {
    const path = join(await temporaryFolder(t), "hostile.gguf");
    await writeFile(path, file);
    await assert.rejects(readGgufHeader(path), (error) => {
      assert.ok(error instanceof HomegrownError, String(error));
      assert.equal(error.code, "models/malformed-file");
      assert.match(error.message, says);
      assert.ok(error.message.startsWith(path));
      return true;
    });
  });
}

test("the same file without a lie is read, in versions 2 and 3", async (t) => {
  for (const version of [2, 3]) {
    const path = join(await temporaryFolder(t), "good.gguf");
    await writeFile(path, build({ version }));
    const header = await readGgufHeader(path);
    assert.equal(header.version, version);
    assert.deepEqual(header.tensors[0]!.dimensions, [32]);
  }
});

test("an array too long to hold is refused though the file is as long as it says", async (t) => {
  const path = join(await temporaryFolder(t), "long.gguf");
  const length = 5 << 20;
  const entries = [
    raw("k", uint32(VALUE_TYPES.array), uint32(VALUE_TYPES.uint8), uint64(length), Buffer.alloc(length)),
  ];
  await writeFile(path, build({ entries }));
  await assert.rejects(readGgufHeader(path), /"k" length: 5242880; over 4194304 array elements/);
});

test("a header longer than the first piece that is read", async (t) => {
  const path = join(await temporaryFolder(t), "long.gguf");
  const words = Array.from({ length: 100_000 }, (_, i) => `token ${i}`);
  await writeFile(path, build({ entries: [encodeEntry({ key: "k", type: "string[]", value: words })] }));
  const header = await readGgufHeader(path);
  assert.deepEqual((header.metadata.get("k") as string[]).at(-1), "token 99999");
});
