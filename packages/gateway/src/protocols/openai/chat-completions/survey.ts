import type { MediaParts } from "../../../core/bounds.ts";
import type { Modality } from "../../../core/target.ts";
import { invalidRequest } from "../invalid-request.ts";
import type { ChatMessageParam, ContentPartParam } from "./request.ts";

export interface MessageSurvey {
  /** Whether calls of tools or their results are among them. */
  tools: boolean;
  input: ReadonlySet<Modality>;
  media: MediaParts;
}

const TEXT_ONLY: Omit<MessageSurvey, "tools"> = {
  input: new Set(["text"]),
  media: { numImages: 0, imageBytes: 0 },
};

interface Path {
  message: number;
  part: number;
}

/**
 * What the messages hold besides text. Parts of known types are checked on the way; unknown ones are for
 * whoever answers. Throws `gateway/invalid-request`.
 */
export function surveyMessages(messages: readonly ChatMessageParam[]): MessageSurvey {
  let survey: { input: Set<Modality>; media: MediaParts } | undefined;
  let tools = false;
  for (const [message, { role, content, tool_calls }] of messages.entries()) {
    tools ||= role === "tool" || (tool_calls?.length ?? 0) > 0;
    if (typeof content === "string" || !content) continue;
    for (const [part, value] of content.entries()) {
      const modality = checkPart(value, { message, part });
      if (modality === "text") continue;
      survey ??= { input: new Set(["text"]), media: { numImages: 0, imageBytes: 0 } };
      survey.input.add(modality);
      if (modality === "image") countImage(value, survey.media);
    }
  }
  return { tools, ...(survey ?? TEXT_ONLY) };
}

function checkPart(part: ContentPartParam, path: Path): Modality {
  switch (part.type) {
    case "text":
      checkString(part["text"], path, "text");
      return "text";
    case "refusal":
      checkString(part["refusal"], path, "refusal");
      return "text";
    case "image_url":
      checkString(memberOf(part, path, "image_url")["url"], path, "image_url.url");
      return "image";
    case "input_audio": {
      const audio = memberOf(part, path, "input_audio");
      checkString(audio["data"], path, "input_audio.data");
      checkString(audio["format"], path, "input_audio.format");
      return "audio";
    }
    case "file":
      memberOf(part, path, "file");
      return "file";
    case "video_url":
      return "video";
    default:
      return "text";
  }
}

function countImage(part: ContentPartParam, media: MediaParts): void {
  const { url } = part["image_url"] as { url: string };
  media.numImages++;
  if (url.startsWith("data:")) media.imageBytes += url.length;
}

function memberOf(part: ContentPartParam, path: Path, name: string): Record<string, unknown> {
  const value = part[name];
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw wrongPart(path, name, value, "an object");
}

function checkString(value: unknown, path: Path, name: string): void {
  if (typeof value !== "string") throw wrongPart(path, name, value, "a string");
}

function wrongPart({ message, part }: Path, name: string, value: unknown, expected: string): Error {
  const param = `messages[${message}].content[${part}].${name}`;
  return invalidRequest(
    param,
    value === undefined ? "missing" : "type",
    value === undefined ? `The required parameter '${param}' is missing.` : `'${param}' must be ${expected}.`,
    `Give '${param}' ${expected}.`,
  );
}
