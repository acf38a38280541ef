// When an answer may be kept and given again, and under which name: two requests share one exactly when they ask
// the same, in the same dialect, of the same version.
import { createHash } from "node:crypto";
import type { Dialect } from "../core/dialect.ts";
import type { AnswerCacheSettings } from "../routing/route-config.ts";

/** Who asks and why: other values of these change no answer. */
const LABELS: ReadonlySet<string> = new Set([
  "user",
  "metadata",
  "client_metadata",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
]);
const NO_LABELS: ReadonlySet<string> = new Set();

/** Members that hold schemas, in which the order of members decides the order of what is made. */
const ORDERED: ReadonlySet<string> = new Set([
  "tools",
  "functions",
  "response_format",
  "text",
  "output_format",
  "output_config",
]);

/** The name by which the client asked; the key holds the route and the version behind it. */
const NAMES: ReadonlySet<string> = new Set(["model"]);

export interface AnswerQuestion {
  dialect: Dialect;
  /** The parsed body, after hooks. */
  body: unknown;
  alias: string;
  /** What would answer now: the first candidate's id, and an own model's immutable version. */
  version: string;
  /** Headers of the client that reach the provider (`anthropic-beta`). */
  headers: Readonly<Record<string, string>>;
  /** The id of the key that asks. */
  keyId: string;
}

type Body = Readonly<Record<string, unknown>>;

/** How each dialect says that its answer depends on the body alone; the others are never kept. */
const RULES: { readonly [D in Dialect]?: (body: Body) => "deterministic" | "sampled" | "no" } = {
  "openai/chat-completions": (body) => (body["store"] === true ? "no" : byTemperature(body)),
  "openai/completions": byTemperature,
  "openai/embeddings": () => "deterministic",
  "openai/responses": (body) => {
    const hasState = body["previous_response_id"] != null || body["conversation"] != null;
    // Stored is the default of this dialect; an answer from here would not be found again under its id.
    return hasState || body["store"] !== false || body["background"] === true ? "no" : byTemperature(body);
  },
  "anthropic/messages": byTemperature,
};

function byTemperature(body: Body): "deterministic" | "sampled" {
  return body["temperature"] === 0 ? "deterministic" : "sampled";
}

/** The name of this request's answer, 43 characters; undefined where it must not be kept. */
export function answerKey(question: AnswerQuestion, settings: AnswerCacheSettings): string | undefined {
  const { dialect, body, alias, version, headers, keyId } = question;
  if (!isObject(body)) return undefined;
  const rule = RULES[dialect]?.(body) ?? "no";
  if (rule === "no" || (rule === "sampled" && settings.when === "deterministic")) return undefined;
  const scope = settings.scope === "key" ? `key ${keyId}` : "shared";
  const head = JSON.stringify([scope, alias, version, dialect, Object.entries(headers).sort()]);
  return createHash("sha256")
    .update(head)
    .update(canonicalBody(body, labelsOf(dialect)))
    .digest("base64url");
}

/** A response repeats them: somebody else's, or another request's, must not come back with it. */
function labelsOf(dialect: Dialect): ReadonlySet<string> {
  return dialect === "openai/responses" ? NO_LABELS : LABELS;
}

/** The body as JSON without labels, its members sorted. A missing `stream` is `false`: it means the same. */
function canonicalBody(body: Body, labels: ReadonlySet<string>): string {
  const asked: Body = { stream: false, ...body };
  const names = Object.keys(asked).filter((name) => !labels.has(name) && !NAMES.has(name));
  return JSON.stringify(
    names
      .sort()
      .map((name) => [name, ORDERED.has(name) ? JSON.stringify(asked[name]) : canonicalJson(asked[name])]),
  );
}

/** JSON with the members of every object in the order of their names; bodies are bounded in depth before. */
function canonicalJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (!isObject(inner)) return inner;
    const names = Object.keys(inner).sort();
    return Object.fromEntries(names.map((name) => [name, inner[name]]));
  });
}

function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
