// Images, audio and files of a message as the port's file parts.
import type { ChatCall } from "@homegrown/contracts";
import { invalidRequest } from "../invalid-request.ts";
import type { ContentPartParam } from "./request.ts";

type UserMessage = Extract<ChatCall["prompt"][number], { role: "user" }>;
export type FilePart = Extract<UserMessage["content"][number], { type: "file" }>;

const MEDIA_TYPE_OF_AUDIO: Readonly<Record<string, string>> = { wav: "audio/wav", mp3: "audio/mpeg" };

const MEDIA_TYPE_OF_EXTENSION: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  html: "text/html",
  json: "application/json",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
};

/** `at` is the part's path, for errors. Shapes were checked when the request was parsed. */
export function toImagePart(part: ContentPartParam, at: string): FilePart {
  const { url, detail } = part["image_url"] as { url: string; detail?: unknown };
  const options =
    typeof detail === "string" && detail !== "auto"
      ? { providerOptions: { openai: { imageDetail: detail } } }
      : {};
  if (url.startsWith("data:")) {
    const { mediaType, base64 } = parseDataUrl(url, `${at}.image_url.url`);
    return {
      type: "file",
      mediaType: mediaType === "" ? "image" : mediaType,
      data: { type: "data", data: base64 },
      ...options,
    };
  }
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw invalidRequest(
      `${at}.image_url.url`,
      "value",
      `'${at}.image_url.url' is neither a data: URL nor an http(s) URL.`,
      "Send the image as a data: URL in base64, or as an https URL.",
    );
  }
  return { type: "file", mediaType: "image", data: { type: "url", url: parsed }, ...options };
}

export function toAudioPart(part: ContentPartParam): FilePart {
  const { data, format } = part["input_audio"] as { data: string; format: string };
  const mediaType = Object.hasOwn(MEDIA_TYPE_OF_AUDIO, format)
    ? MEDIA_TYPE_OF_AUDIO[format]!
    : `audio/${format.toLowerCase().replaceAll(/[^a-z0-9.+-]/g, "")}`;
  return { type: "file", mediaType, data: { type: "data", data } };
}

export function toFilePart(part: ContentPartParam, at: string): FilePart {
  const { file_data, file_id, filename } = part["file"] as Record<string, unknown>;
  if (typeof file_data !== "string") {
    throw invalidRequest(
      file_id === undefined ? `${at}.file.file_data` : `${at}.file.file_id`,
      file_id === undefined ? "missing" : "unsupported",
      file_id === undefined
        ? `The required parameter '${at}.file.file_data' is missing.`
        : `'${at}.file.file_id' names a file that lies at one provider; the models behind this name cannot read it.`,
      "Send the file itself in 'file_data', in base64.",
    );
  }
  const name = typeof filename === "string" ? { filename } : {};
  if (!file_data.startsWith("data:")) {
    const mediaType = mediaTypeOfName(filename) ?? "application/pdf";
    return { type: "file", mediaType, data: { type: "data", data: file_data }, ...name };
  }
  const { mediaType, base64 } = parseDataUrl(file_data, `${at}.file.file_data`);
  return {
    type: "file",
    mediaType: mediaType || (mediaTypeOfName(filename) ?? "application/pdf"),
    data: { type: "data", data: base64 },
    ...name,
  };
}

function mediaTypeOfName(filename: unknown): string | undefined {
  if (typeof filename !== "string") return undefined;
  const extension = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(MEDIA_TYPE_OF_EXTENSION, extension) ? MEDIA_TYPE_OF_EXTENSION[extension] : undefined;
}

/** RFC 2397; what is percent-encoded becomes base64. The media type is "" where none is given. */
function parseDataUrl(url: string, param: string): { mediaType: string; base64: string } {
  const comma = url.indexOf(",");
  if (comma > 0) {
    const [mediaType = "", ...parameters] = url.slice("data:".length, comma).split(";");
    const data = url.slice(comma + 1);
    const type = mediaType.trim().toLowerCase();
    if (parameters.some((parameter) => parameter.trim().toLowerCase() === "base64")) {
      return { mediaType: type, base64: data };
    }
    try {
      return { mediaType: type, base64: Buffer.from(decodeURIComponent(data), "utf8").toString("base64") };
    } catch {
      // Falls through to the error: a stray percent sign.
    }
  }
  throw invalidRequest(
    param,
    "value",
    `'${param}' is not a valid data: URL.`,
    "Write it as data:image/png;base64,… with the media type of its content.",
  );
}
