// (request, declaration) pairs out of documented declaration files, so that a model that has read them can be
// asked for "a function that …". Pairs stay on the side of the split that their document is on.
import { contentHash } from "../content-hash.ts";
import type { Dataset } from "../readers/dataset.ts";
import type { Conversation } from "./build-pair-dataset.ts";
import { documentedDeclarations } from "./declarations.ts";
import type { DeclarationKind } from "./declarations.ts";
import { phraseRequest } from "./phrasing.ts";

export interface MinedPair {
  kind: DeclarationKind;
  request: string;
  declaration: string;
}

export interface MinePairsOptions {
  /** Longer declarations are left out, in characters. Default 600. */
  maxDeclarationLength?: number;
  /** Default: all. */
  kinds?: readonly DeclarationKind[];
}

const DEFAULT_MAX_LENGTH = 600;

/** The pairs of one declaration file, in its order; neither a request nor a declaration comes twice. */
export function minePairsFromText(text: string, options: MinePairsOptions = {}): MinedPair[] {
  const pairs: MinedPair[] = [];
  const seen = new Set<string>();
  for (const found of documentedDeclarations(text)) {
    if (options.kinds !== undefined && !options.kinds.includes(found.kind)) continue;
    if (found.declaration.length > (options.maxDeclarationLength ?? DEFAULT_MAX_LENGTH)) continue;
    const request = phraseRequest(found);
    if (request === undefined || seen.has(request) || seen.has(found.declaration)) continue;
    seen.add(request);
    seen.add(found.declaration);
    pairs.push({ kind: found.kind, request, declaration: found.declaration });
  }
  return pairs;
}

/**
 * Conversations from the declaration files of `dataset`, training split first. What a training pair asks or
 * answers is not asked again of the held-out split.
 */
export async function* minePairs(
  dataset: Dataset,
  options: MinePairsOptions = {},
): AsyncGenerator<Conversation> {
  const seen = new Set<string>();
  for (const split of ["train", "heldOut"] as const) {
    for await (const { id, source, kind, text } of dataset.documents(split)) {
      if (kind !== "declarations") continue;
      let number = 0;
      for (const { request, declaration } of minePairsFromText(text, options)) {
        const keys = [contentHash(request), contentHash(declaration)];
        if (keys.some((key) => seen.has(key))) continue;
        for (const key of keys) seen.add(key);
        yield {
          id: `${id}#pair-${++number}`,
          source,
          heldOut: split === "heldOut",
          messages: [
            { role: "user", content: request },
            { role: "assistant", content: declaration },
          ],
        };
      }
    }
  }
}
