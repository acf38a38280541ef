// Run by atomic-files.test.ts in a child process that is killed somewhere in between.
import { writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publishFolder, writeFileAtomic } from "./atomic-files.ts";

const home = process.argv[2]!;
await writeFileAtomic(join(home, "file"), "new".repeat(10_000));
writeSync(1, "file\n");
await publishFolder(join(home, "folder"), async (staging) => {
  await writeFile(join(staging, "a"), "a");
  await writeFile(join(staging, "b"), "b");
});
writeSync(1, "folder\n");
