import type { JsonSchema } from "./request-schema.ts";

export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  description?: string;
  parameters?: object[];
  requestBody?: { required: true; content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, object>;
  security?: readonly object[];
}

const text = { type: "string" } as const;
const textOrNull = { type: ["string", "null"] } as const;

/** As `protocols/openai/errors.ts` and `protocols/anthropic/errors.ts` render them. */
export const ERROR_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  OpenAiError: {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["message"],
        properties: { message: text, type: text, param: textOrNull, code: textOrNull },
      },
    },
  },
  AnthropicError: {
    type: "object",
    required: ["type", "error"],
    properties: {
      type: { const: "error" },
      error: { type: "object", required: ["type", "message"], properties: { type: text, message: text } },
      request_id: text,
    },
  },
};

const header = (description: string): { description: string; schema: JsonSchema } => ({
  description,
  schema: { type: "string" },
});

export const HEADERS = {
  "x-request-id": header("The request's id: the client's own, where it sent one"),
  "x-homegrown-target": header("Provider and model that answered"),
  "x-homegrown-dropped": header("Fields that the model behind this name could not be told"),
  "x-homegrown-cache": header("hit: an answer that was given before"),
} as const;

const page = (operationId: string, summary: string, type: string): Operation => ({
  operationId,
  summary,
  tags: ["operation"],
  responses: { "200": { description: summary, content: { [type]: {} } } },
});
const JSON_TYPE = "application/json";
const open = { security: [{}] };

/** Pages for whoever runs the gateway; see `composition/pages.ts`. */
export const PAGES: Readonly<Record<string, Record<string, Operation>>> = {
  "/healthz": { get: { ...page("health", "Whether the process answers", JSON_TYPE), ...open } },
  "/readyz": { get: { ...page("readiness", "Whether requests would be served", JSON_TYPE), ...open } },
  "/openapi.json": { get: { ...page("openapi", "This document", JSON_TYPE), ...open } },
  "/metrics": {
    get: page("metrics", "Metrics for Prometheus; for local callers or with a key", "text/plain"),
  },
  "/routes": { get: page("routes", "Routes and their targets' health; as /metrics", JSON_TYPE) },
};
