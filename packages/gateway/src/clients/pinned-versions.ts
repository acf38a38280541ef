import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../../..");

/** Of npm packages, as the workspace and this package pin them. */
export async function readPinnedVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const file of ["package.json", "packages/gateway/package.json"]) {
    const { dependencies, devDependencies } = JSON.parse(
      await readFile(resolve(root, file), "utf8"),
    ) as Record<string, Record<string, string> | undefined>;
    Object.assign(versions, devDependencies, dependencies);
  }
  return versions;
}

export const CLIENTS_PAGE: string = resolve(root, "docs/clients.md");
