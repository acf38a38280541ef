// A document's kind, by its file name: which quality rules judge it.

export const DOCUMENT_KINDS = ["prose", "markdown", "code", "declarations"] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

export interface FileFormat {
  kind: DocumentKind;
  /** JSONL: one document a line. */
  lines: boolean;
  gzip: boolean;
}

const KINDS_BY_EXTENSION: ReadonlyMap<string, DocumentKind> = new Map([
  ...list("prose", "txt text"),
  ...list("markdown", "md mdx markdown rst adoc"),
  ...list(
    "code",
    "ts tsx mts cts js jsx mjs cjs py pyi go rs java kt kts scala c h cc cpp cxx hpp hh cs rb php swift m mm " +
      "lua pl pm r jl sh bash zsh fish ps1 sql css scss sass less vue svelte astro graphql gql proto tf nix " +
      "ex exs erl hs ml mli clj cljs dart zig sol elm fs fsx groovy gradle cmake",
  ),
]);

/** The format that a file's name announces, or undefined for one that is not read. */
export function fileFormat(name: string): FileFormat | undefined {
  const lower = name.toLowerCase();
  const gzip = lower.endsWith(".gz");
  const bare = gzip ? lower.slice(0, -3) : lower;
  if (/\.d(\.[a-z0-9]+)?\.[cm]?ts$/.test(bare)) return { kind: "declarations", lines: false, gzip };
  const extension = bare.slice(bare.lastIndexOf(".") + 1);
  if (extension === bare) return undefined;
  if (extension === "jsonl" || extension === "ndjson") return { kind: "prose", lines: true, gzip };
  const kind = KINDS_BY_EXTENSION.get(extension);
  return kind && { kind, lines: false, gzip };
}

export function isDocumentKind(value: unknown): value is DocumentKind {
  return DOCUMENT_KINDS.includes(value as DocumentKind);
}

function list(kind: DocumentKind, extensions: string): [string, DocumentKind][] {
  return extensions.split(" ").map((extension) => [extension, kind]);
}
