// Parts of a message's content, and of a tool's output, as the chat port's.
import { z } from "zod";
import type { ChatCall } from "@homegrown/contracts";
import { invalidRequest } from "../invalid-request.ts";
import { check } from "./tools.ts";

type PortMessage = ChatCall["prompt"][number];
type UserPart = Extract<PortMessage, { role: "user" }>["content"][number];
type FilePart = Extract<UserPart, { type: "file" }>;
export type InputPart = Extract<UserPart, { type: "text" }> | FilePart;

const partSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("input_text"), text: z.string() }),
  z.object({ type: z.literal("output_text"), text: z.string() }),
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({
    type: z.literal("input_image"),
    image_url: z.string().nullish(),
    file_id: z.string().nullish(),
    detail: z.string().max(32).nullish(),
  }),
  z.object({
    type: z.literal("input_file"),
    file_data: z.string().nullish(),
    file_url: z.string().nullish(),
    file_id: z.string().nullish(),
    filename: z.string().max(1024).nullish(),
  }),
  z.object({
    type: z.literal("input_audio"),
    input_audio: z.object({ data: z.string(), format: z.string().max(32) }),
  }),
]);

const AUDIO_TYPES: Readonly<Record<string, string>> = { mp3: "audio/mpeg" };

/** Throws `gateway/invalid-request` for what the port has no place for. */
export function toInputParts(content: unknown, at: string): InputPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return listOf(content, at).map((part, index) => toInputPart(part, `${at}[${index}]`));
}

/** The text of a message that can hold nothing else (a system's, an assistant's). */
export function toTexts(content: unknown, at: string): string[] {
  return toInputParts(content, at).map((part, index) => {
    if (part.type === "text") return part.text;
    throw invalidRequest(
      `${at}[${index}].type`,
      "unsupported",
      `'${at}[${index}]' is not text, and only a user's message may hold something else.`,
      "Move it into a user's message.",
    );
  });
}

function toInputPart(value: unknown, at: string): InputPart {
  const part = check(partSchema, value, at);
  switch (part.type) {
    case "refusal":
      return { type: "text", text: part.refusal };
    case "input_image": {
      const source = part.image_url ?? missingSource(at, "image_url", part.file_id);
      return {
        type: "file",
        ...fromUrl(source, "image/*", `${at}.image_url`),
        ...(part.detail && { providerOptions: { openai: { imageDetail: part.detail } } }),
      };
    }
    case "input_file": {
      const filename = part.filename ? { filename: part.filename } : {};
      if (part.file_data) {
        const isUrl = part.file_data.startsWith("data:");
        const file = isUrl
          ? fromUrl(part.file_data, "application/pdf", `${at}.file_data`)
          : { mediaType: "application/pdf", data: { type: "data" as const, data: part.file_data } };
        return { type: "file", ...file, ...filename };
      }
      const source = part.file_url ?? missingSource(at, "file_data", part.file_id);
      return { type: "file", ...fromUrl(source, "application/pdf", `${at}.file_url`), ...filename };
    }
    case "input_audio": {
      const { data, format } = part.input_audio;
      const mediaType = AUDIO_TYPES[format] ?? `audio/${format}`;
      return { type: "file", mediaType, data: { type: "data", data } };
    }
    default:
      return { type: "text", text: part.text };
  }
}

/** A data URL's media type and base64, or an address that a provider (or the port) fetches. */
function fromUrl(source: string, mediaType: string, at: string): Pick<FilePart, "mediaType" | "data"> {
  if (source.startsWith("data:")) {
    const comma = source.indexOf(",");
    const head = source.slice("data:".length, Math.max(comma, 0));
    if (comma < 0 || comma > 256 || !head.endsWith(";base64")) throw badUrl(at);
    const type = head.slice(0, head.indexOf(";"));
    return { mediaType: type || mediaType, data: { type: "data", data: source.slice(comma + 1) } };
  }
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") throw badUrl(at);
  return { mediaType, data: { type: "url", url } };
}

function badUrl(at: string): Error {
  return invalidRequest(
    at,
    "value",
    `'${at}' is neither a base64 data URL nor an http(s) address.`,
    "Send 'data:<media type>;base64,<data>' or an https address.",
  );
}

function missingSource(at: string, wanted: string, fileId: string | null | undefined): never {
  throw invalidRequest(
    `${at}.${fileId ? "file_id" : wanted}`,
    fileId ? "unsupported" : "missing",
    fileId
      ? `'${at}.file_id' names a file of another server; the model behind this name cannot read it.`
      : `The required parameter '${at}.${wanted}' is missing.`,
    `Send the content itself in '${at}.${wanted}'.`,
  );
}

function listOf(content: unknown, at: string): readonly unknown[] {
  if (Array.isArray(content)) return content;
  throw invalidRequest(
    at,
    content === undefined || content === null ? "missing" : "type",
    `'${at}' must be a string or a list of content parts.`,
    `Correct '${at}'.`,
  );
}
