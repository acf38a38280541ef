#!/usr/bin/env -S MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=8 --min-semi-space-size=8
// Plain JavaScript on purpose: an older Node gets a sentence instead of a syntax error. The first line bounds memory
// (docs/log.md has the figures): young objects get 8 MB from the start, because V8's own bound is made for one large
// program; V8's threads share two arenas of the C library, because what each leaves in its own is never given back; and
// the library gives back what is free at an arena's end, instead of keeping more of it the more it was once asked for.
import module from "node:module";
import os from "node:os";
import path from "node:path";
import { resolveQuickly } from "./quick-resolution.js";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(
    `cli/old-node: Homegrown needs Node 24.15 or newer, this is ${process.versions.node}.\n` +
      "  hint: the project brings its own: run `npx homegrown ...` or `npm start` inside the project folder.",
  );
  process.exit(1);
}

// Stripping types and compiling is half of what a start costs; what comes of it is kept. Never under the folder
// that we happen to stand in, nor in the system's temporary one: it is code that will run.
if (process.env.NODE_COMPILE_CACHE === undefined) {
  const { HOMEGROWN_HOME: home, XDG_CACHE_HOME: caches } = process.env;
  const folder = home
    ? path.resolve(home, "cache", "compiled")
    : path.join(caches || path.join(os.homedir(), ".cache"), "homegrown");
  module.enableCompileCache(folder);
  // For threads and children.
  process.env.NODE_COMPILE_CACHE = folder;
}

resolveQuickly();
const { main } = await import("../src/main.ts");
await main(process.argv.slice(2));
