import type { ChatResult } from "@homegrown/contracts";

type GeneratedFile = Extract<ChatResult["content"][number], { type: "file" }>;

/**
 * A generated image as a content part. OpenAI's answers have no place for one; `images` beside the text is
 * where other servers of this protocol put them.
 */
export function renderImage({ mediaType, data }: GeneratedFile): string | undefined {
  if (!mediaType.startsWith("image")) return undefined;
  const url = data.type === "url" ? data.url.href : `data:${mediaType};base64,${toBase64(data.data)}`;
  return `{"type":"image_url","image_url":{"url":${JSON.stringify(url)}}}`;
}

function toBase64(data: Uint8Array | string): string {
  return typeof data === "string" ? data : Buffer.from(data).toString("base64");
}
