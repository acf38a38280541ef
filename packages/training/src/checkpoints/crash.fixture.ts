// Run by crash.test.ts in a child process that is killed somewhere in between: does for each of the given
// steps what a run does durably. Each line that it prints is a promise.
import { writeSync } from "node:fs";
import { openScene, sampleOf, saveAt, skipOf } from "./crash-scene.ts";

const [root, ...steps] = process.argv.slice(2);
const { store, ...lists } = openScene(root!);
const [skips, samples] = await Promise.all([lists.skips, lists.samples]);
for (const step of steps.map(Number)) {
  await saveAt(store, step);
  // Synchronous, so that a line cannot be lost with the process.
  writeSync(1, `saved ${step}\n`);
  await skips.add(skipOf(step));
  writeSync(1, `skipped ${step}\n`);
  await samples.add(sampleOf(step));
  writeSync(1, `sampled ${step}\n`);
}
