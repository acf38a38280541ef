// Run by crash.test.ts in a child process that is killed somewhere in between. Each line that it prints is a
// promise: what was reported done must be there afterwards.
import { writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRegistry } from "./registry.ts";

const [home, ...contents] = process.argv.slice(2);
const registry = await openRegistry(home!);
for (const content of contents) {
  const { version } = await registry.register({
    name: "demo",
    fill: async (folder) => {
      await writeFile(join(folder, "model.gguf"), content);
      await writeFile(join(folder, "tokenizer.json"), "the same in every version");
    },
    lineage: {
      origin: { kind: "imported", source: "test", license: "MIT", sha256: "0".repeat(64), bytes: 1 },
      parent: null,
      licenses: [],
      weights: [{ file: "model.gguf", type: "F32" }],
    },
  });
  // Synchronous, so that a line cannot be lost with the process.
  writeSync(1, `registered ${version}\n`);
  await registry.promote({ name: "demo", version, reason: `promote ${version}` });
  writeSync(1, `promoted ${version}\n`);
}
await registry.close();
