// The OpenAPI 3.1 document of everything that the gateway serves, made from the fronts themselves and the
// schemas that they check requests with. https://spec.openapis.org/oas/v3.1.1
import type { Front, Protocol } from "../server/front.ts";
import { PROTOCOLS } from "../server/start-server.ts";
import { ENDPOINTS } from "./endpoints.ts";
import type { EndpointDescription } from "./endpoints.ts";
import { toRequestSchema } from "./request-schema.ts";
import type { JsonSchema } from "./request-schema.ts";
import { ERROR_SCHEMAS, HEADERS, PAGES } from "./shared-parts.ts";
import type { Operation } from "./shared-parts.ts";

export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description: string };
  security: readonly object[];
  tags: readonly object[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    headers: typeof HEADERS;
    securitySchemes: Record<string, object>;
  };
}

let text: string | undefined;

/** Made once, when it is first asked for: it takes some ten milliseconds. */
export function openApiText(): string {
  return (text ??= JSON.stringify(createOpenApiDocument()));
}

export function createOpenApiDocument(protocols: readonly Protocol[] = PROTOCOLS): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = { ...ERROR_SCHEMAS };
  const paths: OpenApiDocument["paths"] = { ...PAGES };
  for (const protocol of protocols) {
    for (const front of protocol.fronts) addFront(protocol, front, paths, schemas);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Homegrown gateway",
      version: "1",
      description:
        "Own and rented models behind the protocols that clients already speak. Requests are described by the schemas they are checked with; answers have the shape that the protocol's own specification gives them. Fields that are not named here pass through to providers of the same protocol.",
    },
    // Before the first key exists, callers on the same machine need none.
    security: [{ bearer: [] }, { apiKey: [] }, {}],
    tags: protocols.map(({ name }) => ({ name })),
    paths,
    components: {
      schemas,
      headers: HEADERS,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  };
}

function addFront(
  protocol: Protocol,
  front: Front,
  paths: OpenApiDocument["paths"],
  schemas: Record<string, JsonSchema>,
): void {
  const { method, path } = front;
  const description = ENDPOINTS[protocol.name]?.[`${method} ${path}`];
  if (description === undefined) {
    throw new Error(`openapi/endpoints.ts has no entry for ${protocol.name}: ${method} ${path}.`);
  }
  const { request, below = {}, onlyBelow = false } = description;
  if (request) schemas[request.name] ??= toRequestSchema(request.schema, request.fields);
  const places = [
    ...(onlyBelow ? [] : [[path, description.summary] as const]),
    ...Object.entries(below).map(([end, summary]) => [path + end, summary] as const),
  ];
  for (const [place, summary] of places) {
    const operations = (paths[place] ??= {});
    const verb = method.toLowerCase();
    const operation = toOperation(protocol, front, { ...description, summary }, place);
    const other = operations[verb];
    operations[verb] = other ? join(other, operation) : operation;
  }
}

function toOperation(
  { name }: Protocol,
  { method, endpoint }: Front,
  { summary, request, body, streams, answers, query = [] }: EndpointDescription,
  path: string,
): Operation {
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
      name: parameter,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...query.map((parameter) => ({ name: parameter, in: "query", schema: { type: "string" } })),
  ];
  return {
    operationId: `${name}_${method.toLowerCase()}_${path.replace(/^\/v1\//, "").replace(/\W+/g, "_")}`,
    summary,
    tags: [name],
    ...(endpoint && { description: `A key needs the endpoint "${endpoint}".` }),
    ...(parameters.length > 0 && { parameters }),
    ...(request && { requestBody: toRequestBody(request.name, body) }),
    responses: toResponses(name, streams === true, answers),
  };
}

function toRequestBody(schema: string, body: "form" | undefined): NonNullable<Operation["requestBody"]> {
  const fields = { $ref: `#/components/schemas/${schema}` };
  if (body === undefined) return { required: true, content: { "application/json": { schema: fields } } };
  const file = { type: "object", properties: { file: { description: "The recording" } }, required: ["file"] };
  return { required: true, content: { "multipart/form-data": { schema: { allOf: [fields, file] } } } };
}

function toResponses(
  protocol: string,
  streams: boolean,
  answers: string | undefined,
): Operation["responses"] {
  const headers = Object.fromEntries(
    Object.keys(HEADERS).map((header) => [header, { $ref: `#/components/headers/${header}` }]),
  );
  const content = answers
    ? { [answers]: {} }
    : { "application/json": {}, ...(streams && { "text/event-stream": {} }) };
  const error = protocol === "anthropic" ? "AnthropicError" : "OpenAiError";
  return {
    "200": { description: "The answer", headers, content },
    default: {
      description: "What went wrong, as the protocol's clients expect it",
      headers: { "x-request-id": headers["x-request-id"] },
      content: { "application/json": { schema: { $ref: `#/components/schemas/${error}` } } },
    },
  };
}

/** Two protocols share a path; the request's headers decide which of them answers. */
function join(first: Operation, second: Operation): Operation {
  const parameters = [...(first.parameters ?? []), ...(second.parameters ?? [])] as { name: string }[];
  const unique = [...new Map(parameters.map((parameter) => [parameter.name, parameter])).values()];
  return {
    ...first,
    tags: [...first.tags, ...second.tags],
    description: `${first.description ?? ""} With the header anthropic-version the answer has Anthropic's shape.`,
    ...(unique.length > 0 && { parameters: unique }),
  };
}
