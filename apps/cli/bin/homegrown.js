#!/usr/bin/env node
// Plain JavaScript on purpose: an older Node gets a sentence instead of a syntax error.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(
    `cli/old-node: Homegrown needs Node 24.15 or newer, this is ${process.versions.node}.\n` +
      "  hint: the project brings its own: run `npx homegrown ...` or `npm start` inside the project folder.",
  );
  process.exit(1);
}
const { main } = await import("../src/main.ts");
await main(process.argv.slice(2));
