/**
 * Real code and prose that this machine has: installed packages (declarations, TypeScript, JavaScript,
 * Markdown) and the documents and standard libraries of Debian, Perl and Python. A hash of a file's path
 * puts it into one of two halves: detectors were tuned on one and are reported on the other.
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

export type Half = "tuning" | "held-out";

export interface CorpusFile {
  readonly path: string;
  readonly source: string;
  readonly text: string;
}

const PACKAGES = path.resolve(import.meta.dirname, "../../node_modules");

const SOURCES: readonly { readonly name: string; readonly folder: string; readonly files: RegExp }[] = [
  { name: "npm code", folder: PACKAGES, files: /\.(?:[cm]?ts|[cm]?js)$/ },
  { name: "npm Markdown", folder: PACKAGES, files: /\.md$/i },
  {
    name: "Debian documents",
    folder: "/usr/share/doc",
    files: /(?:\.(?:txt|md|rst|html|Debian)|\/(?:README|NEWS|FAQ|TODO|copyright))$/,
  },
  { name: "Python library", folder: "/usr/lib/python3.11", files: /\.py$/ },
  { name: "Perl library", folder: "/usr/share/perl", files: /\.(?:pm|pod|pl)$/ },
];

/** Minified bundles of megabytes would be most of the bytes and little of the text. */
const MAX_FILE = 1_000_000;

export function* readCorpus(half: Half): Generator<CorpusFile> {
  const seen = new Set<string>();
  for (const { name, folder, files } of SOURCES) {
    for (const file of listFiles(folder)) {
      if (!files.test(file) || halfOf(file) !== half) continue;
      const bytes = readFileSync(file);
      // Packages installed twice and licences repeated a hundred times count once.
      const digest = createHash("sha256").update(bytes).digest("base64");
      if (bytes.length > MAX_FILE || seen.has(digest)) continue;
      seen.add(digest);
      yield { path: file, source: name, text: bytes.toString("utf8") };
    }
  }
}

/** A whole package falls into one half, since its files repeat each other. */
function halfOf(file: string): Half {
  const unit = file.startsWith(PACKAGES)
    ? file
        .slice(PACKAGES.length + 1)
        .split(path.sep)
        .slice(0, 2)
        .join("/")
    : file;
  const key = unit.startsWith("@") || !file.startsWith(PACKAGES) ? unit : (unit.split("/")[0] ?? unit);
  return createHash("sha256").update(key).digest().readUInt8(0) % 2 === 0 ? "tuning" : "held-out";
}

function* listFiles(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* listFiles(file);
    else if (entry.isFile()) yield file;
  }
}
