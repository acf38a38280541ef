// What the document says of each endpoint besides its request's schema. Every front has an entry: a test asks.
import type { z } from "zod";
import { countTokensSchema, messagesSchema } from "../protocols/anthropic/messages/body-schema.ts";
import { MESSAGES_FIELDS } from "../protocols/anthropic/messages/fields.ts";
import { feedbackSchema } from "../protocols/homegrown/feedback/request.ts";
import { SPEECH_FIELDS } from "../protocols/openai/audio/speech/fields.ts";
import { requestSchema as speechSchema } from "../protocols/openai/audio/speech/request.ts";
import { TRANSCRIPTION_FIELDS } from "../protocols/openai/audio/transcriptions/fields.ts";
import { requestSchema as transcriptionSchema } from "../protocols/openai/audio/transcriptions/request.ts";
import { requestSchema as translationSchema } from "../protocols/openai/audio/translations/request.ts";
import { CHAT_FIELDS } from "../protocols/openai/chat-completions/fields.ts";
import { requestSchema as chatSchema } from "../protocols/openai/chat-completions/request.ts";
import { COMPLETION_FIELDS } from "../protocols/openai/completions/fields.ts";
import { requestSchema as completionSchema } from "../protocols/openai/completions/request.ts";
import { EMBEDDING_FIELDS } from "../protocols/openai/embeddings/fields.ts";
import { requestSchema as embeddingSchema } from "../protocols/openai/embeddings/request.ts";
import type { FieldTable } from "../protocols/openai/field-table.ts";
import { RESPONSES_FIELDS } from "../protocols/openai/responses/fields.ts";
import { requestSchema as responsesSchema } from "../protocols/openai/responses/request.ts";

export interface EndpointDescription {
  summary: string;
  /** Name under which the request's schema stands among the components. */
  request?: { name: string; schema: z.ZodType; fields?: FieldTable };
  /** `form`: multipart, with a file beside the fields. Default: JSON. */
  body?: "form";
  /** With `stream: true` the answer comes as server-sent events. */
  streams?: boolean;
  /** Of an answer that is no JSON. */
  answers?: string;
  /** Further ends of the path that the same front answers, under their own summaries. */
  below?: Readonly<Record<string, string>>;
  /** The path itself is no endpoint: only what `below` says is. */
  onlyBelow?: boolean;
  query?: readonly string[];
}

/** By protocol, then by method and path, as its fronts say them. */
export const ENDPOINTS: Readonly<Record<string, Readonly<Record<string, EndpointDescription>>>> = {
  openai: {
    "GET /v1/models": { summary: "The names that the caller may use" },
    "GET /v1/models/{model}": { summary: "One of them" },
    "POST /v1/chat/completions": {
      summary: "Chat, as OpenAI's clients ask",
      request: { name: "ChatCompletionRequest", schema: chatSchema, fields: CHAT_FIELDS },
      streams: true,
    },
    "POST /v1/completions": {
      summary: "Text continued, without a chat template",
      request: { name: "CompletionRequest", schema: completionSchema, fields: COMPLETION_FIELDS },
      streams: true,
    },
    "POST /v1/embeddings": {
      summary: "Texts as vectors",
      request: { name: "EmbeddingRequest", schema: embeddingSchema, fields: EMBEDDING_FIELDS },
    },
    "POST /v1/audio/transcriptions": {
      summary: "Speech to text in its own language",
      request: { name: "TranscriptionForm", schema: transcriptionSchema, fields: TRANSCRIPTION_FIELDS },
      body: "form",
      streams: true,
    },
    "POST /v1/audio/translations": {
      summary: "Speech to English text",
      request: { name: "TranslationForm", schema: translationSchema },
      body: "form",
    },
    "POST /v1/audio/speech": {
      summary: "Text to speech",
      request: { name: "SpeechRequest", schema: speechSchema, fields: SPEECH_FIELDS },
      answers: "audio/*",
    },
  },
  "openai-responses": {
    "POST /v1/responses": {
      summary: "An answer, stored or not",
      request: { name: "ResponseRequest", schema: responsesSchema, fields: RESPONSES_FIELDS },
      streams: true,
    },
    "POST /v1/responses/input_tokens": {
      summary: "How many tokens a request has, by the gateway's own count",
      request: { name: "ResponseRequest", schema: responsesSchema, fields: RESPONSES_FIELDS },
    },
    "GET /v1/responses/{id}": {
      summary: "A stored answer",
      below: { "/input_items": "What a stored answer was asked" },
      query: ["after", "limit", "order"],
    },
    "DELETE /v1/responses/{id}": { summary: "Deletes a stored answer" },
    "POST /v1/responses/{id}": {
      summary: "Cancels an answer in the background; none is made there",
      below: { "/cancel": "Cancels an answer in the background; none is made there" },
      onlyBelow: true,
    },
  },
  anthropic: {
    "POST /v1/messages": {
      summary: "Chat, as Anthropic's clients ask",
      request: { name: "MessagesRequest", schema: messagesSchema, fields: MESSAGES_FIELDS },
      streams: true,
    },
    "POST /v1/messages/count_tokens": {
      summary: "How many tokens a request has",
      request: { name: "CountTokensRequest", schema: countTokensSchema, fields: MESSAGES_FIELDS },
    },
    "GET /v1/models": {
      summary: "The names that the caller may use, in pages",
      query: ["after_id", "before_id", "limit"],
    },
    "GET /v1/models/{model}": { summary: "One of them" },
  },
  homegrown: {
    "POST /v1/feedback": {
      summary: "What an application says of an answer",
      request: { name: "FeedbackRequest", schema: feedbackSchema },
    },
    "GET /v1/feedback/{request_id}": { summary: "What was said of an answer" },
    "DELETE /v1/feedback/{request_id}": { summary: "Takes back what was said of an answer" },
  },
};
