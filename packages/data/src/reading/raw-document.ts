import type { Origin } from "../sources/corpus-source.ts";
import type { DocumentKind } from "../sources/document-kind.ts";

/** A document on its way through the steps. `bytes` are those of its present text in UTF-8. */
export interface RawDocument {
  id: string;
  kind: DocumentKind;
  origin: Origin;
  text: string;
  bytes: number;
}
