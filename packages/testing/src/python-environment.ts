// Python for interop tests: independent referees from PyPI, installed into a folder of the repository's
// own. Never used by `npm test`, and never by the product.
import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");

const PIP_OPTIONS = ["--quiet", "--disable-pip-version-check"];

/**
 * A virtual environment that holds exactly `packages` (`name==version`), under `.interop/python` at the
 * repository's root. Made once per list: a second call, from any process, finds it by the list's hash.
 * `withDependencies: false` for a package of which only its own files are wanted.
 * @returns the path of its `python`.
 */
export async function ensurePython(
  packages: readonly string[],
  { withDependencies = true }: { withDependencies?: boolean } = {},
): Promise<string> {
  const unpinned = packages.filter((name) => !/^[A-Za-z0-9_.-]+(\[[a-z0-9,]+\])?==[^=]+$/.test(name));
  if (unpinned.length > 0) {
    throw new Error(`ensurePython needs exact versions (name==version), got ${unpinned.join(", ")}`);
  }
  const key = createHash("sha256")
    .update([...packages].sort().join("\n") + (withDependencies ? "" : "\n--no-deps"))
    .digest("hex")
    .slice(0, 16);
  const parent = join(root, ".interop", "python");
  const folder = join(parent, key);
  const python = join(folder, "bin", "python");
  if (await exists(python)) return python;
  await mkdir(parent, { recursive: true });
  const building = join(parent, `${key}.building-${process.pid}`);
  try {
    await run("python3", ["-m", "venv", building]).catch((cause: unknown) => {
      throw cannotMakeEnvironment(cause);
    });
    // `python -m pip`, because the scripts beside it name the folder as it was before the rename.
    await run(
      join(building, "bin", "python"),
      ["-m", "pip", "install", ...PIP_OPTIONS, ...(withDependencies ? [] : ["--no-deps"]), ...packages],
      { maxBuffer: 64 << 20 },
    );
    await rename(building, folder).catch(async (error: unknown) => {
      // Another process finished first: its environment is as good.
      if (!(await exists(python))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return python;
}

/** Debian and Ubuntu ship `python3` without what `venv` needs; Python's own message is easy to miss. */
function cannotMakeEnvironment(cause: unknown): Error {
  const { code, stderr, stdout, message } = cause as NodeJS.ErrnoException & {
    stderr?: string;
    stdout?: string;
  };
  const said = code === "ENOENT" ? "there is no python3" : (stderr || stdout || message).trim();
  return new Error(
    `interop tests need Python 3 with venv, but 'python3 -m venv' failed: ${said}\n` +
      "On Debian and Ubuntu install it with: sudo apt-get install --yes python3-venv",
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
