// Items of an answer, and what stands in them, as JSON text.
import type { ChatMetadataExtension, ChatResult, TokenLogProbability } from "@homegrown/contracts";
import { toFiniteLogprob } from "../finite-logprob.ts";
import type { WireTool } from "./tools.ts";

export type ItemStatus = "in_progress" | "completed" | "incomplete";
type Content = ChatResult["content"][number];
export type Source = Extract<Content, { type: "source" }>;
export type Citation = NonNullable<Extract<Content, { type: "text" }>["citations"]>[number];
export type Metadata = Content extends infer Part
  ? Part extends { providerMetadata?: infer M }
    ? M
    : never
  : never;

export function renderMessage(id: string, status: ItemStatus, content: string): string {
  return `{"id":"${id}","type":"message","status":"${status}","content":[${content}],"role":"assistant"}`;
}

/** `text` is JSON already. */
export function renderOutputText(text: string, annotations: string, logprobs: string): string {
  return `{"type":"output_text","annotations":[${annotations}],"logprobs":[${logprobs}],"text":${text}}`;
}

export function renderRefusal(text: string): string {
  return `{"type":"refusal","refusal":${text}}`;
}

/** Thoughts show as a summary where the request asked for one, and otherwise as what they are. */
export function renderReasoning(
  id: string,
  text: string,
  options: { asSummary: boolean; sealed?: string | undefined },
): string {
  const { asSummary, sealed } = options;
  const part =
    text === ""
      ? ""
      : `{"type":"${asSummary ? "summary_text" : "reasoning_text"}","text":${JSON.stringify(text)}}`;
  return (
    `{"id":"${id}","type":"reasoning","summary":[${asSummary ? part : ""}]` +
    `${asSummary || part === "" ? "" : `,"content":[${part}]`}` +
    `${sealed === undefined ? "" : `,"encrypted_content":"${sealed}"`}}`
  );
}

export interface RenderedCall {
  id: string;
  status: ItemStatus;
  callId: string;
  tool: WireTool;
  /** JSON arguments of a function, text for a custom tool. */
  input: string;
}

export function renderCall({ id, status, callId, tool, input }: RenderedCall): string {
  const namespace = tool.namespace === undefined ? "" : `"namespace":${JSON.stringify(tool.namespace)},`;
  const named = `"call_id":${JSON.stringify(callId)},${namespace}"name":${JSON.stringify(tool.name)}`;
  const given = `"${tool.kind === "custom" ? "input" : "arguments"}":${JSON.stringify(input)}`;
  const type = tool.kind === "custom" ? "custom_tool_call" : "function_call";
  return `{"id":"${id}","type":"${type}","status":"${status}",${given},${named}}`;
}

/** `result` is base64. */
export function renderImage(id: string, result: string): string {
  return `{"id":"${id}","type":"image_generation_call","status":"completed","result":${JSON.stringify(result)}}`;
}

export function renderLogprobs(tokens: readonly TokenLogProbability[]): string {
  return tokens.map(renderLogprob).join(",");
}

function renderLogprob({ text, bytes, logProbability, top }: TokenLogProbability): string {
  const alternatives = top.map(
    (other) =>
      `{"token":${JSON.stringify(other.text)},"bytes":[${other.bytes.join(",")}],"logprob":${toFiniteLogprob(other.logProbability)}}`,
  );
  return (
    `{"token":${JSON.stringify(text)},"bytes":[${bytes.join(",")}],"logprob":${toFiniteLogprob(logProbability)},` +
    `"top_logprobs":[${alternatives.join(",")}]}`
  );
}

/** What a text quotes; where the port does not say which part of it, the end of the text. */
export function renderCitation({ source, startIndex, endIndex }: Citation, textLength: number): string {
  const end = endIndex ?? textLength;
  if (source.sourceType === "url") {
    return (
      `{"type":"url_citation","start_index":${startIndex ?? end},"end_index":${end},` +
      `"title":${JSON.stringify(source.title ?? source.url)},"url":${JSON.stringify(source.url)}}`
    );
  }
  return (
    `{"type":"file_citation","file_id":${JSON.stringify(source.id)},` +
    `"filename":${JSON.stringify(source.filename ?? source.title)},"index":${end}}`
  );
}

export function extensionOf(metadata: Metadata | undefined): HomegrownMetadata | undefined {
  return metadata?.["homegrown"] as HomegrownMetadata | undefined;
}

/** `refusal` marks text in which a model declines. */
type HomegrownMetadata = ChatMetadataExtension & { refusal?: boolean };

/** Base64 of an image that the port made; undefined for what has no item of its own. */
export function toImageData(file: Extract<Content, { type: "file" }>): string | undefined {
  if (!file.mediaType.startsWith("image/") || file.data.type !== "data") return undefined;
  const { data } = file.data;
  return typeof data === "string" ? data : Buffer.from(data).toString("base64");
}
