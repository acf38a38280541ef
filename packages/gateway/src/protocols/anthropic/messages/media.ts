// Images and documents as the port's file parts.
import type { ChatCall } from "@homegrown/contracts";
import { blockField, blocksOf, isObject, optionalString, stringField } from "../block-fields.ts";
import type { Block } from "../block-fields.ts";
import type { JsonObject } from "../json.ts";
import { inexpressible, wrongField } from "../parse-request.ts";
import { cacheOptions } from "./cache-control.ts";

type UserContent = Extract<ChatCall["prompt"][number], { role: "user" }>["content"];
export type MediaPart = UserContent[number];
type FilePart = Extract<MediaPart, { type: "file" }>;

export function toImagePart(block: Block, at: string): FilePart {
  const source = blockField(block, "source", at);
  switch (source.type) {
    case "base64":
      return {
        type: "file",
        mediaType: stringField(source, "media_type", `${at}.source`),
        data: { type: "data", data: stringField(source, "data", `${at}.source`) },
        ...cacheOptions(block),
      };
    case "url":
      return { type: "file", mediaType: "image/*", data: toUrl(source, at), ...cacheOptions(block) };
    default:
      throw inexpressible(`${at}.source.type`, "an image that is stored at Anthropic");
  }
}

/**
 * A PDF becomes a file. Text becomes text between tags, because most providers take no text files; its title
 * and context stand in the tags.
 */
export function toDocumentParts(block: Block, at: string, dropped: Set<string>): MediaPart[] {
  const source = blockField(block, "source", at);
  switch (source.type) {
    case "base64":
      return [
        toPdfPart(block, at, {
          type: "data",
          data: stringField(source, "data", `${at}.source`),
        }),
      ];
    case "url":
      return [toPdfPart(block, at, toUrl(source, at))];
    case "text":
      return inTags(
        block,
        at,
        [{ type: "text", text: stringField(source, "data", `${at}.source`) }],
        dropped,
      );
    case "content": {
      const parts = blocksOf(source["content"], `${at}.source.content`).map((inner, index): MediaPart => {
        const place = `${at}.source.content.${index}`;
        if (inner.type === "text") return { type: "text", text: stringField(inner, "text", place) };
        if (inner.type === "image") return toImagePart(inner, place);
        throw inexpressible(`${place}.type`, "a block of this type in a document");
      });
      return inTags(block, at, parts, dropped);
    }
    default:
      throw inexpressible(`${at}.source.type`, "a document that is stored at Anthropic");
  }
}

/** What a search of the client's own has found: text with its source. */
export function toSearchResultParts(block: Block, at: string, dropped: Set<string>): MediaPart[] {
  const parts = blocksOf(block["content"], `${at}.content`).map((inner, index): MediaPart => ({
    type: "text",
    text: stringField(inner, "text", `${at}.content.${index}`),
  }));
  const context = `source: ${stringField(block, "source", at)}`;
  return inTags({ ...block, context }, at, parts, dropped);
}

function toPdfPart(block: Block, at: string, data: FilePart["data"]): FilePart {
  const title = optionalString(block, "title", at);
  const context = optionalString(block, "context", at);
  const { citations, cache_control: cacheControl } = block;
  const anthropic: JsonObject = {
    ...(title !== undefined && { title }),
    ...(context !== undefined && { context }),
    ...(isObject(citations) && citations["enabled"] === true && { citations: { enabled: true } }),
    ...(isObject(cacheControl) && { cacheControl }),
  };
  return {
    type: "file",
    mediaType: "application/pdf",
    data,
    ...(title !== undefined && { filename: title }),
    ...(Object.keys(anthropic).length > 0 && { providerOptions: { anthropic } }),
  };
}

function inTags(block: Block, at: string, parts: MediaPart[], dropped: Set<string>): MediaPart[] {
  if (isObject(block["citations"]) && block["citations"]["enabled"] === true) dropped.add("citations");
  const title = optionalString(block, "title", at);
  const context = optionalString(block, "context", at);
  const head =
    `<document${title === undefined ? "" : ` title=${JSON.stringify(title)}`}>\n` +
    (context === undefined ? "" : `<context>${context}</context>\n`);
  const texts: MediaPart[] = [
    { type: "text", text: head },
    ...parts,
    { type: "text", text: "\n</document>" },
  ];
  const merged: MediaPart[] = [];
  for (const part of texts) {
    const last = merged.at(-1);
    if (part.type === "text" && last?.type === "text") last.text += part.text;
    else merged.push(part);
  }
  Object.assign(merged.at(-1)!, cacheOptions(block));
  return merged;
}

function toUrl(source: Block, at: string): { type: "url"; url: URL } {
  const text = stringField(source, "url", `${at}.source`);
  const url = URL.parse(text);
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw wrongField(`${at}.source.url`, "an http or https address");
  }
  return { type: "url", url };
}
