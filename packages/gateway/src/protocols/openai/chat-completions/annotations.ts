// Where a text's claims come from, as OpenAI's `url_citation`s. Documents have no URL, hence no place there.
import type { ChatResult } from "@homegrown/contracts";

type Content = ChatResult["content"][number];
export type Source = Extract<Content, { type: "source" }>;
export type Citation = NonNullable<Extract<Content, { type: "text" }>["citations"]>[number];

/** Offsets count from the beginning of the whole message; `blockStart` is where the cited text begins. */
export function renderCitations(
  citations: readonly Citation[] | undefined,
  blockStart: number,
  blockEnd: number,
): string[] {
  return (citations ?? []).flatMap(({ source, startIndex, endIndex }) =>
    source.sourceType === "url"
      ? [
          render(
            source,
            startIndex === undefined ? blockStart : blockStart + startIndex,
            endIndex === undefined ? blockEnd : blockStart + endIndex,
          ),
        ]
      : [],
  );
}

/** A source that the model read, at the place in the text where it came up. */
export function renderSource(source: Source, offset: number): string[] {
  return source.sourceType === "url" ? [render(source, offset, offset)] : [];
}

function render(source: Source & { sourceType: "url" }, start: number, end: number): string {
  return (
    `{"type":"url_citation","url_citation":{"start_index":${start},"end_index":${end},` +
    `"title":${JSON.stringify(source.title ?? source.url)},"url":${JSON.stringify(source.url)}}}`
  );
}
