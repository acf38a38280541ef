// OpenTelemetry's conventions for generative AI, as of the repository `semantic-conventions-genai` (status:
// development) at commit 004902b, which builds on semantic conventions v1.42.0.
// https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai
import type { Dialect } from "../core/dialect.ts";

/** `gen_ai.operation.name`; the last three and `count_tokens` are ours, the conventions have none. */
export const OPERATION_OF_DIALECT: { readonly [D in Dialect]: string } = {
  "openai/chat-completions": "chat",
  "openai/responses": "chat",
  "anthropic/messages": "chat",
  "openai/completions": "text_completion",
  "openai/embeddings": "embeddings",
  "anthropic/count-tokens": "count_tokens",
  "openai/transcriptions": "transcription",
  "openai/translations": "audio_translation",
  "openai/speech": "speech",
};

/** The provider of what this gateway answers itself: refusals. */
export const OWN_PROVIDER = "homegrown";

export const DURATION_BOUNDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
] as const;
export const FIRST_TOKEN_BOUNDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
] as const;
export const PER_TOKEN_BOUNDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5,
] as const;
export const TOKEN_BOUNDS = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
] as const;
/** Of `http.server.request.duration`, from the stable HTTP conventions. */
export const HTTP_DURATION_BOUNDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;
