// References of generated text. Anthropic's own travel as they came; what another provider cites from the web
// becomes a web search citation, whose encrypted index says that it is none of Anthropic's.
import type { ChatResult } from "@homegrown/contracts";
import { isObject } from "../block-fields.ts";
import { CARRIED_PREFIX, isCarried } from "../carried-reasoning.ts";

type Content = ChatResult["content"][number];
export type PortCitation = NonNullable<Extract<Content, { type: "text" }>["citations"]>[number];

const ANTHROPIC_TYPES: ReadonlySet<unknown> = new Set([
  "char_location",
  "page_location",
  "content_block_location",
  "web_search_result_location",
  "search_result_location",
]);

/** Each as JSON. A foreign document is left out: there is no index of the request's documents to name it by. */
export function renderCitations(citations: readonly PortCitation[] | undefined): string[] {
  if (citations === undefined) return [];
  const rendered: string[] = [];
  for (const { source, citedText } of citations) {
    const own = source.providerMetadata?.["anthropic"];
    if (own !== undefined && ANTHROPIC_TYPES.has(own["type"])) {
      rendered.push(JSON.stringify(own));
    } else if (source.sourceType === "url") {
      rendered.push(
        `{"type":"web_search_result_location","cited_text":${JSON.stringify(citedText ?? "")},` +
          `"encrypted_index":"${CARRIED_PREFIX}","title":${JSON.stringify(source.title ?? null)},` +
          `"url":${JSON.stringify(source.url)}}`,
      );
    }
  }
  return rendered;
}

/** A citation that `renderCitations` made for another provider; Anthropic would not know it. */
export function isOwnCitation(citation: unknown): boolean {
  return isObject(citation) && isCarried(citation["encrypted_index"]);
}
