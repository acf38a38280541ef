// Whose a file under node_modules is: the nearest package.json that has a name, and its licence.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Origin } from "./corpus-source.ts";
import { rightsOfLicense } from "./licenses.ts";

const MAX_PACKAGE_JSON_BYTES = 1 << 20;

export class PackageOrigins {
  readonly #root: string;
  readonly #byFolder = new Map<string, Origin>();

  constructor(root: string) {
    this.#root = resolve(root);
  }

  async of(file: string): Promise<Origin> {
    return this.#ofFolder(dirname(resolve(file)));
  }

  async #ofFolder(folder: string): Promise<Origin> {
    const known = this.#byFolder.get(folder);
    if (known !== undefined) return known;
    let origin = await readOrigin(join(folder, "package.json"));
    if (origin === undefined) {
      const outside = folder === this.#root || dirname(folder) === folder || !folder.startsWith(this.#root);
      origin = outside
        ? { name: "(no package)", license: "unknown", rights: "none" }
        : await this.#ofFolder(dirname(folder));
    }
    this.#byFolder.set(folder, origin);
    return origin;
  }
}

async function readOrigin(path: string): Promise<Origin | undefined> {
  let manifest: Record<string, unknown>;
  try {
    const text = await readFile(path, "utf8");
    if (text.length > MAX_PACKAGE_JSON_BYTES) return undefined;
    manifest = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  // Builds put nameless package.json files beside their output ({"type":"module"}).
  if (typeof manifest !== "object" || manifest === null || typeof manifest["name"] !== "string")
    return undefined;
  const license = readLicense(manifest);
  return {
    name: manifest["name"],
    ...(typeof manifest["version"] === "string" ? { version: manifest["version"] } : {}),
    license,
    rights: rightsOfLicense(license),
  };
}

/** `license`, or the forms that npm has long deprecated: {type}, and `licenses`, a list of alternatives. */
function readLicense(manifest: Record<string, unknown>): string {
  const single = licenseName(manifest["license"]);
  if (single !== undefined) return single;
  const several = manifest["licenses"];
  const names = Array.isArray(several) ? several.map(licenseName).filter((one) => one !== undefined) : [];
  return names.length === 0 ? "unknown" : names.join(" OR ");
}

function licenseName(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const type = (value as { type?: unknown } | null | undefined)?.type;
  return typeof type === "string" ? type : undefined;
}
