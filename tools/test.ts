// `npm test` and `npm run test:interop`: node's test runner over the right files.
// Usage: node tools/test.ts [--interop] [path part ...]
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const args = process.argv.slice(2);
const interop = args.includes("--interop");
const parts = args.filter((arg) => !arg.startsWith("--"));

const files = ["packages", "apps", "tools", "bench"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  )
  .filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules"))
  .filter((name) => name.endsWith(".interop.test.ts") === interop)
  .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
  .sort();

if (files.length === 0) {
  console.error(`no test file matches ${parts.join(" ") || "anything"}`);
  process.exit(1);
}
const result = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=2", "--test-timeout=240000", "--test-reporter=spec", ...files],
  { cwd: root, stdio: "inherit" },
);
process.exitCode = result.status ?? 1;
