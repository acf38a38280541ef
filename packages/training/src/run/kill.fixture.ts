// Run in a child process that is killed somewhere in between: trains (or resumes) the manifest in the
// given file. Each line that it prints is a promise: that checkpoint must be there afterwards.
import { writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { RunManifest } from "@homegrown/contracts";
import { train } from "./train.ts";

const [home, manifestFile] = process.argv.slice(2) as [string, string];
const manifest = JSON.parse(await readFile(manifestFile, "utf8")) as RunManifest;
await train({
  home,
  manifest,
  samples: { atSteps: [0, 10, manifest.totalSteps], prompts: [{ ids: [40, 41, 42], maxTokens: 3 }] },
  onProgress: ({ event, done }) => {
    // Synchronous, so that a line cannot be lost with the process.
    if (event === "checkpoint-write" || event === "batch-skip") writeSync(1, `${event} ${done}\n`);
  },
});
