// Guards the walls between packages: every import must be a declared dependency, stand in the table of
// allowed imports, and enter another package through its index. Prints what to do about each breach.
import { readFileSync, readdirSync, existsSync } from "node:fs";
import { join, relative, resolve, dirname } from "node:path";
import { builtinModules } from "node:module";
import { ALLOWED_IMPORTS } from "./allowed-imports.ts";

export interface Breach {
  file: string;
  message: string;
  remedy: string;
}

interface PackageFile {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const IMPORT_PATTERN =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|(?:^|\n)import\s+["']([^"']+)["']/g;
const MAX_LINES = 400;
/** Fixtures and contract suites are parts of tests: they may import what tests may, and only tests import them. */
const isTest = (file: string): boolean => /[.-](test|fixture|contract)\.ts$/.test(file);

/** All breaches of the architecture in the repository at `root`, in file order. */
export function findBreaches(root: string): Breach[] {
  const rootDependencies = readPackage(root).devDependencies ?? {};
  return packageFolders(root).flatMap((folder) => {
    const manifest = readPackage(join(root, folder)) as PackageFile;
    const self = manifest.name.replace("@homegrown/", "");
    const allowed = ALLOWED_IMPORTS[self];
    if (allowed === undefined) {
      return [
        {
          file: folder,
          message: `package '${self}' stands in no row of the table of allowed imports`,
          remedy:
            "add a row to tools/allowed-imports.ts and say in docs/architecture.md what the package holds",
        },
      ];
    }
    return sourceFiles(join(root, folder, "src")).flatMap((file) =>
      breachesOfFile({ root, folder, file, self, allowed, manifest, rootDependencies }),
    );
  });
}

interface FileContext {
  root: string;
  folder: string;
  file: string;
  self: string;
  allowed: readonly string[] | "all";
  manifest: PackageFile;
  rootDependencies: Record<string, string>;
}

function breachesOfFile(context: FileContext): Breach[] {
  const source = readFileSync(context.file, "utf8");
  const shown = relative(context.root, context.file);
  const breaches: Breach[] = [];
  const numLines = source.split("\n").length;
  if (numLines > MAX_LINES && !isTest(context.file)) {
    breaches.push({
      file: shown,
      message: `${numLines} lines, more than ${MAX_LINES}`,
      remedy: "the file holds two ideas: give the second a file of its own",
    });
  }
  for (const match of source.matchAll(IMPORT_PATTERN)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const breach = breachOfImport(context, specifier);
    if (breach) breaches.push({ file: shown, ...breach });
  }
  return breaches;
}

function breachOfImport(context: FileContext, specifier: string): Omit<Breach, "file"> | undefined {
  const { self, allowed, manifest, file, root, folder } = context;
  if (specifier.startsWith(".")) {
    const target = resolve(dirname(file), specifier);
    if (relative(join(root, folder), target).startsWith("..")) {
      return {
        message: `imports '${specifier}' from outside its own package`,
        remedy: "import the other package by its name, through its index",
      };
    }
    if (isTest(target) && !isTest(file) && self !== "testing") {
      return {
        message: `imports '${specifier}', which is part of a test`,
        remedy: "move what both need to a file of its own",
      };
    }
    return undefined;
  }
  if (specifier.startsWith("node:") || builtinModules.includes(specifier)) return undefined;
  const name = specifier.startsWith("@")
    ? specifier.split("/").slice(0, 2).join("/")
    : specifier.split("/")[0]!;
  if (name.startsWith("@homegrown/")) {
    const target = name.slice("@homegrown/".length);
    if (specifier !== name) {
      return {
        message: `reaches into '${specifier}'`,
        remedy: `export what you need from packages/${target}/src/index.ts`,
      };
    }
    const mayImport =
      target === self ||
      target === "contracts" ||
      allowed === "all" ||
      allowed.includes(target) ||
      (isTest(file) && target === "testing");
    if (!mayImport) {
      return {
        message: `'${self}' may not import '${target}'`,
        remedy: `move the code to a package that may, pass it in through a port of contracts, or change tools/allowed-imports.ts and record why in docs/decisions`,
      };
    }
  }
  const declared =
    manifest.dependencies?.[name] !== undefined ||
    (isTest(file) &&
      (manifest.devDependencies?.[name] !== undefined ||
        context.rootDependencies[name] !== undefined ||
        name === "@homegrown/testing"));
  if (!declared && name !== manifest.name) {
    return {
      message: `imports '${name}', which its package.json does not declare`,
      remedy: `add '${name}' to the dependencies of ${folder}/package.json, exact version`,
    };
  }
  return undefined;
}

function packageFolders(root: string): string[] {
  return ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => join(group, name))
      .filter((folder) => existsSync(join(root, folder, "package.json"))),
  );
}

function readPackage(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function sourceFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}
