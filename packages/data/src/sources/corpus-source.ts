import type { Rights } from "@homegrown/contracts";
import type { DocumentKind } from "./document-kind.ts";

/** Where text comes from. */
export interface CorpusSource {
  /** A folder, a file, or a glob such as `notes/**\/*.md`. */
  path: string;
  /**
   * `own` (default): the user's text, used by their say-so. `packages`: a tree of npm packages, each used by
   * the licence that its package.json states.
   */
  layout?: "own" | "packages";
  /** Only these kinds. Default: every kind that is known. */
  kinds?: readonly DocumentKind[];
  /** For `own`: what the text may be used for. Default `train`. */
  rights?: Rights;
  /** For `own`: shown in the manifest. Default `own`. */
  license?: string;
  /** Name in the manifest. Default: the folder's name. */
  name?: string;
  /** For `packages`: bytes of files taken at most, shared out so that no package dominates. */
  maxBytes?: number;
}

/** One file that discovery found. */
export interface FoundFile {
  path: string;
  /** `source/relative/path`, with `/`: a document's id. */
  id: string;
  kind: DocumentKind;
  gzip: boolean;
  lines: boolean;
  bytes: number;
  origin: Origin;
}

/** Whom a document comes from, and what that allows. */
export interface Origin {
  name: string;
  version?: string;
  license: string;
  rights: Rights;
}
