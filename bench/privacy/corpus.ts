/**
 * Real code and prose that this machine has. `known` was read while the detectors were written and mended:
 * installed packages, Debian's documents, manual pages and changelogs, C headers, the libraries of Python
 * and Perl. `unseen` was opened for the figures of record alone: Go's library, Rust crates, Vim's scripts
 * and help, the Python and YAML of cloud tools. Of large sources a hash of the path picks a share.
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";

export type Part = "known" | "unseen";

export interface CorpusFile {
  readonly path: string;
  readonly source: string;
  readonly text: string;
}

interface Source {
  readonly name: string;
  readonly part: Part;
  readonly folder: string;
  readonly files: RegExp;
  /** One file in so many is read, by the remainder of its hash. */
  readonly oneIn: number;
  readonly remainders: readonly number[];
}

const CRATES = path.join(homedir(), ".cargo/registry/src");
const PACKAGES = path.resolve(import.meta.dirname, "../../node_modules");

const SOURCES: readonly Source[] = [
  {
    name: "npm code",
    part: "known",
    folder: PACKAGES,
    files: /\.(?:[cm]?ts|[cm]?js)$/,
    oneIn: 1,
    remainders: [0],
  },
  { name: "npm Markdown", part: "known", folder: PACKAGES, files: /\.md$/i, oneIn: 1, remainders: [0] },
  {
    name: "Debian documents",
    part: "known",
    folder: "/usr/share/doc",
    files: /(?:\.(?:txt|md|rst|html|Debian)|\/(?:README|NEWS|FAQ|TODO|copyright))$/,
    oneIn: 1,
    remainders: [0],
  },
  {
    name: "Python library",
    part: "known",
    folder: "/usr/lib/python3.11",
    files: /\.py$/,
    oneIn: 1,
    remainders: [0],
  },
  {
    name: "Perl library",
    part: "known",
    folder: "/usr/share/perl",
    files: /\.(?:pm|pod|pl)$/,
    oneIn: 1,
    remainders: [0],
  },
  {
    name: "manual pages",
    part: "known",
    folder: "/usr/share/man",
    files: /\.gz$/,
    oneIn: 1,
    remainders: [0],
  },
  {
    name: "packed documents",
    part: "known",
    folder: "/usr/share/doc",
    files: /\.gz$/,
    oneIn: 6,
    remainders: [0, 1],
  },
  {
    name: "C and C++ headers",
    part: "known",
    folder: "/usr/include",
    files: /\.h(?:pp|h)?$/,
    oneIn: 4,
    remainders: [0, 1],
  },
  {
    name: "packed documents",
    part: "known",
    folder: "/usr/share/doc",
    files: /\.gz$/,
    oneIn: 6,
    remainders: [2, 3, 4, 5],
  },
  {
    name: "C and C++ headers",
    part: "known",
    folder: "/usr/include",
    files: /\.h(?:pp|h)?$/,
    oneIn: 4,
    remainders: [2, 3],
  },
  {
    name: "Python packages",
    part: "known",
    folder: "/usr/lib/python3/dist-packages",
    files: /\.py$/,
    oneIn: 1,
    remainders: [0],
  },
  { name: "Go library", part: "unseen", folder: "/usr/local/go", files: /\.go$/, oneIn: 2, remainders: [0] },
  { name: "Rust crates", part: "unseen", folder: CRATES, files: /\.(?:rs|md)$/, oneIn: 4, remainders: [0] },
  {
    name: "Vim scripts and help",
    part: "unseen",
    folder: "/usr/share/vim",
    files: /\.(?:vim|txt)$/,
    oneIn: 1,
    remainders: [0],
  },
  {
    name: "cloud tools",
    part: "unseen",
    folder: "/usr/lib/google-cloud-sdk",
    files: /\.(?:py|yaml)$/,
    oneIn: 16,
    remainders: [0],
  },
];

/** Minified bundles of megabytes would be most of the bytes and little of the text. */
const MAX_FILE = 1_000_000;

export function* readCorpus(wanted: Part): Generator<CorpusFile> {
  const seen = new Set<string>();
  for (const { name, part, folder, files, oneIn, remainders } of SOURCES) {
    if (part !== wanted) continue;
    for (const file of listFiles(folder)) {
      if (
        !files.test(file) ||
        !remainders.includes(createHash("sha256").update(file).digest().readUInt16BE(0) % oneIn)
      )
        continue;
      const bytes = unpacked(file);
      // Packages installed twice and licences repeated a hundred times count once.
      const digest = createHash("sha256").update(bytes).digest("base64");
      if (bytes.length > MAX_FILE || bytes.includes(0) || seen.has(digest)) continue;
      seen.add(digest);
      yield { path: file, source: name, text: bytes.toString("utf8") };
    }
  }
}

function unpacked(file: string): Buffer {
  const bytes = readFileSync(file);
  return file.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

function* listFiles(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* listFiles(file);
    else if (entry.isFile()) yield file;
  }
}
