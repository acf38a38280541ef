// Sources → the files to read: folders walked, globs matched, formats told by name. Symbolic links to folders
// are not followed (in an npm workspace they lead back here), nor are hidden folders and `node_modules`.
import { glob, opendir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import type { CorpusSource, FoundFile, Origin } from "./corpus-source.ts";
import { fileFormat } from "./document-kind.ts";
import { PackageOrigins } from "./package-origins.ts";
import { shareOut } from "./share-out.ts";
import type { StepCounter } from "../step-counter.ts";

interface Candidate {
  path: string;
  /** Relative to the source's folder, with `/`. */
  name: string;
}

/** Files of one source in order of their names; what is left out is counted in `step`. */
export async function findFiles(source: CorpusSource, step: StepCounter): Promise<FoundFile[]> {
  const packages = source.layout === "packages";
  const { root, candidates } = await listCandidates(source.path, packages);
  const label = source.name ?? (basename(resolve(root)) || "corpus");
  const own: Origin = { name: label, license: source.license ?? "own", rights: source.rights ?? "train" };
  const origins = new PackageOrigins(root);
  const names = new Set(candidates.map(({ name }) => name));
  const found: FoundFile[] = [];
  for (const { path, name } of candidates.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const format = fileFormat(name);
    if (format === undefined || !isRead(name, source)) continue;
    const info = await stat(path).catch(() => undefined);
    const bytes = info?.size ?? 0;
    step.enter(bytes);
    const reason =
      info === undefined
        ? "vanished"
        : info.isFile()
          ? reasonByName(name, names, packages)
          : "no regular file";
    if (reason !== undefined) {
      step.drop(reason, bytes);
      continue;
    }
    const origin = packages ? await origins.of(path) : own;
    found.push({ path, id: `${label}/${name}`, ...format, bytes, origin });
  }
  const kept = source.maxBytes === undefined ? found : shareOut(found, source.maxBytes, step);
  for (const file of kept) step.keep(file.bytes);
  return kept;
}

/** Paths of the files that a source would read, by name alone: cheap enough to ask whether anything changed. */
export async function listSourceFiles(source: CorpusSource): Promise<string[]> {
  const { candidates } = await listCandidates(source.path, source.layout === "packages");
  return candidates
    .filter(({ name }) => isRead(name, source))
    .map(({ path }) => path)
    .sort();
}

function isRead(name: string, { kinds }: CorpusSource): boolean {
  const format = fileFormat(name);
  return format !== undefined && (kinds === undefined || kinds.includes(format.kind));
}

/** What a file's name alone rules out. */
function reasonByName(name: string, names: ReadonlySet<string>, packages: boolean): string | undefined {
  const flavour = /\.d\.(m|c)ts$/.exec(name);
  if (flavour !== null) {
    const stem = name.slice(0, -".d.mts".length);
    if (names.has(`${stem}.d.ts`)) return `twin of .d.ts (.d.${flavour[1]}ts)`;
    if (flavour[1] === "c" && names.has(`${stem}.d.mts`)) return "twin of .d.mts (.d.cts)";
  }
  if (packages) {
    const base = name.slice(name.lastIndexOf("/") + 1);
    if (/^(licen[cs]e|copying|notice|third[-_]?party)/i.test(base)) return "licence text";
    if (/^(change-?logs?|history|changes|releases?)\b.*\.md$/i.test(base)) return "change log";
  }
  return undefined;
}

async function listCandidates(
  path: string,
  packages: boolean,
): Promise<{ root: string; candidates: Candidate[] }> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() === true) {
    const root = resolve(path);
    const candidates: Candidate[] = [];
    for await (const file of walk(root, packages)) candidates.push({ path: file, name: slashed(root, file) });
    return { root, candidates };
  }
  if (info !== undefined) {
    const root = resolve(dirname(path));
    return { root, candidates: [{ path: resolve(path), name: basename(path) }] };
  }
  if (!/[*?[\]{}]/.test(path)) throw noSuchSource(path, "no such file or folder");
  const root = resolve(path.slice(0, path.search(/[*?[\]{}]/)).replace(/[^/\\]*$/, "") || ".");
  const candidates: Candidate[] = [];
  for await (const match of glob(resolve(path))) {
    const full = resolve(match);
    if ((await stat(full).catch(() => undefined))?.isDirectory() !== true) {
      candidates.push({ path: full, name: slashed(root, full) });
    }
  }
  if (candidates.length === 0) throw noSuchSource(path, "the pattern matches no file");
  return { root, candidates };
}

async function* walk(folder: string, packages: boolean): AsyncGenerator<string> {
  let entries;
  try {
    entries = await opendir(folder);
  } catch {
    // A folder that vanished or may not be read has nothing to give.
    return;
  }
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name.startsWith(".") || (entry.name === "node_modules" && !packages)) continue;
      yield* walk(path, packages);
    } else if (entry.isSymbolicLink()) {
      const info = await stat(path).catch(() => undefined);
      if (info?.isDirectory() !== true && !packages) yield path;
    } else {
      yield path;
    }
  }
}

function slashed(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}

function noSuchSource(path: string, what: string): HomegrownError {
  return new HomegrownError({
    code: "data/no-such-source",
    kind: "not-found",
    message: `cannot read text from ${path}: ${what}`,
    hint: "Give an existing folder, a file, or a quoted glob such as 'notes/**/*.md'.",
    details: { path },
  });
}
