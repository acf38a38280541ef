// What a request brings along, found in one walk over its blocks: for routing by modality and for the bound
// by which budgets reserve.
import { boundInputTokens } from "../../../core/bounds.ts";
import type { Modality } from "../../../core/target.ts";
import { isBlock, isObject } from "../block-fields.ts";
import type { PromptBody } from "./body-schema.ts";

/**
 * What Anthropic may add to a prompt from elsewhere (a document behind a URL, what its web search finds) has
 * no length in the request. It is bounded by the largest context that any model has.
 */
const MAX_UNSEEN_TOKENS = 1_000_000;
/** Tools that Anthropic runs itself, by the beginning of their type; what they find is input, too. */
const FETCHING_TOOLS = ["web_search", "web_fetch", "code_execution", "mcp_toolset"];
const FETCHING_FIELDS = ["mcp_servers", "thread", "container"];

export interface Survey {
  input: ReadonlySet<Modality>;
  /** Never less than what any tokenizer makes of the prompt. */
  maxInputTokens: number;
}

const TEXT_ONLY: ReadonlySet<Modality> = new Set<Modality>(["text"]);

interface Findings {
  numImages: number;
  imageBytes: number;
  files: boolean;
  unseen: boolean;
}

export function surveyBody(body: PromptBody, bodyBytes: number): Survey {
  const found: Findings = { numImages: 0, imageBytes: 0, files: false, unseen: fetches(body) };
  for (const { content } of body.messages) if (Array.isArray(content)) walk(content, found);
  const input = new Set(TEXT_ONLY);
  if (found.numImages > 0) input.add("image");
  if (found.files) input.add("file");
  return {
    input: input.size === 1 ? TEXT_ONLY : input,
    maxInputTokens: boundInputTokens(bodyBytes, found) + (found.unseen ? MAX_UNSEEN_TOKENS : 0),
  };
}

function walk(blocks: readonly unknown[], found: Findings): void {
  for (const block of blocks) {
    if (!isBlock(block)) continue;
    const { type, source, content } = block;
    if (type === "image") addImage(source, found);
    else if (type === "document") addDocument(source, found);
    else if (type === "container_upload") found.unseen = true;
    if (Array.isArray(content)) walk(content, found);
  }
}

function addImage(source: unknown, found: Findings): void {
  found.numImages++;
  if (isObject(source) && typeof source["data"] === "string") found.imageBytes += source["data"].length;
}

function addDocument(source: unknown, found: Findings): void {
  if (!isObject(source)) return;
  const { type, content } = source;
  if (type === "content" && Array.isArray(content)) return walk(content, found);
  if (type === "text" || type === "content") return;
  found.files = true;
  if (type !== "base64") found.unseen = true;
}

function fetches(body: PromptBody): boolean {
  if (FETCHING_FIELDS.some((field) => body[field] !== undefined && body[field] !== null)) return true;
  return (body.tools ?? []).some(
    ({ type }) => typeof type === "string" && FETCHING_TOOLS.some((name) => type.startsWith(name)),
  );
}
