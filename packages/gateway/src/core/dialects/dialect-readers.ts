import type { Dialect } from "../dialect.ts";
import { countTokensReader, messagesReader } from "./anthropic-messages.ts";
import type { DialectReader } from "./dialect-reader.ts";
import { chatCompletionsReader, textCompletionsReader } from "./openai-completions.ts";
import { embeddingsReader, speechReader, transcriptionsReader } from "./openai-media.ts";
import { responsesReader } from "./openai-responses.ts";

export const DIALECT_READERS: { readonly [D in Dialect]: DialectReader } = {
  "openai/chat-completions": chatCompletionsReader,
  "openai/responses": responsesReader,
  "openai/completions": textCompletionsReader,
  "openai/embeddings": embeddingsReader,
  "openai/transcriptions": transcriptionsReader,
  "openai/translations": transcriptionsReader,
  "openai/speech": speechReader,
  "anthropic/messages": messagesReader,
  "anthropic/count-tokens": countTokensReader,
};
