// npm packages for interop tests that are too large for everybody's install, in a folder of the repository's own.
// Never used by `npm test`, and never by the product.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");

const NPM_OPTIONS = [
  "--no-audit",
  "--no-fund",
  "--no-update-notifier",
  "--ignore-scripts",
  "--loglevel=error",
];

/**
 * A folder whose `node_modules` holds exactly `packages` (`name@version`) and what they need, under
 * `.interop/node` at the repository's root. Made once per list: a second call, from any process, finds it by the
 * list's hash. Scripts of packages are not run.
 * @returns the folder.
 */
export async function ensureNpm(packages: readonly string[]): Promise<string> {
  const unpinned = packages.filter((name) => !/^(@[a-z0-9._-]+\/)?[a-z0-9._-]+@\d[\w.+-]*$/i.test(name));
  if (unpinned.length > 0) {
    throw new Error(`ensureNpm needs exact versions (name@version), got ${unpinned.join(", ")}`);
  }
  const key = createHash("sha256")
    .update([...packages].sort().join("\n"))
    .digest("hex")
    .slice(0, 16);
  const parent = join(root, ".interop", "node");
  const folder = join(parent, key);
  if (await exists(folder)) return folder;
  const building = join(parent, `${key}.building-${process.pid}`);
  await mkdir(building, { recursive: true });
  try {
    await writeFile(join(building, "package.json"), '{"private":true}\n');
    // npm chooses versions by the Node that runs it: let that be this one.
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
    await run("npm", ["install", "--prefix", building, ...NPM_OPTIONS, ...packages], {
      cwd: building,
      env: { ...process.env, PATH },
      maxBuffer: 64 << 20,
    });
    await rename(building, folder).catch(async (error: unknown) => {
      // Another process finished first: its folder is as good.
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
