/**
 * A wire format: what a request and its answer look like as bytes. A front speaks exactly one; a target may
 * speak some of them, and then the bytes pass through as they are.
 */
export const DIALECTS = [
  "openai/chat-completions",
  "openai/responses",
  "openai/completions",
  "openai/embeddings",
  "openai/transcriptions",
  "openai/translations",
  "openai/speech",
  "anthropic/messages",
  "anthropic/count-tokens",
] as const;
export type Dialect = (typeof DIALECTS)[number];

/** What a key may be allowed to call: a dialect's family, as people write it in a scope. */
export const ENDPOINTS = [
  "chat",
  "responses",
  "completions",
  "embeddings",
  "audio",
  "messages",
  "models",
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

export const ENDPOINT_OF_DIALECT: { readonly [D in Dialect]: Endpoint } = {
  "openai/chat-completions": "chat",
  "openai/responses": "responses",
  "openai/completions": "completions",
  "openai/embeddings": "embeddings",
  "openai/transcriptions": "audio",
  "openai/translations": "audio",
  "openai/speech": "audio",
  "anthropic/messages": "messages",
  "anthropic/count-tokens": "messages",
};
