// `npm run check`: types, lint, format, architecture. Every part runs, so one pass shows everything.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { findBreaches } from "./architecture.ts";

const root = resolve(import.meta.dirname, "..");
const steps: [name: string, run: () => boolean][] = [
  ["types", () => command("tsc", ["--noEmit"])],
  ["lint", () => command("oxlint", ["."])],
  ["format", () => command("oxfmt", ["--check", "."])],
  ["architecture", architecture],
];

function command(name: string, args: string[]): boolean {
  return (
    spawnSync(resolve(root, "node_modules/.bin", name), args, { cwd: root, stdio: "inherit" }).status === 0
  );
}

function architecture(): boolean {
  const breaches = findBreaches(root);
  for (const { file, message, remedy } of breaches) console.error(`${file}: ${message}\n  remedy: ${remedy}`);
  return breaches.length === 0;
}

const failed = steps.filter(([name, run]) => {
  console.log(`- ${name}`);
  return !run();
});
console.log(
  failed.length === 0 ? "check passed" : `check failed: ${failed.map(([name]) => name).join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
