// When a target of a route is meant for a request.
import { z } from "zod";
import { DIALECTS, ENDPOINTS, ENDPOINT_OF_DIALECT } from "../core/dialect.ts";
import { compileAliasPatterns } from "../keys/alias-patterns.ts";
import { estimateInputTokens } from "./prompt-length.ts";
import type { RouteQuestion } from "./route-question.ts";

const names = z.array(z.string().min(1).max(200)).min(1).max(1000);
const tokens = z.int().min(0);

/** Every condition that is named must hold; of a list, one entry is enough. */
export const conditionsSchema = z.strictObject({
  /** Ids or names of keys; `*` stands for any run of characters. */
  keys: names.optional(),
  /** Labels of the key. */
  tags: names.optional(),
  teams: names.optional(),
  /** The request brings something of this kind: `input: ["image"]` holds as soon as there is one image. */
  input: z
    .array(z.enum(["text", "image", "audio", "video", "file"]))
    .min(1)
    .optional(),
  tools: z.boolean().optional(),
  structuredOutput: z.boolean().optional(),
  /** Both against the estimate in `prompt-length.ts`. */
  minInputTokens: tokens.optional(),
  maxInputTokens: tokens.optional(),
  /** BCP 47; `de` holds for `de-AT` too. A request that names no language matches none. */
  languages: names.optional(),
  endpoints: z.array(z.enum(ENDPOINTS)).min(1).optional(),
  dialects: z.array(z.enum(DIALECTS)).min(1).optional(),
});
export type Conditions = z.output<typeof conditionsSchema>;

type Predicate = (question: RouteQuestion) => boolean;

/** One function for all conditions; undefined where there are none, so that such a route pays nothing. */
export function compileConditions(conditions: Conditions | undefined): Predicate | undefined {
  const predicates = Object.entries(COMPILERS).flatMap(([name, compile]) => {
    const wanted = conditions?.[name as keyof Conditions];
    return wanted === undefined ? [] : [(compile as (wanted: unknown) => Predicate)(wanted)];
  });
  if (predicates.length === 0) return undefined;
  return (question) => predicates.every((predicate) => predicate(question));
}

const COMPILERS: { readonly [C in keyof Conditions]-?: (wanted: NonNullable<Conditions[C]>) => Predicate } = {
  keys: (keys) => {
    const matches = compileAliasPatterns(keys);
    return ({ key }) => matches(key.id) || matches(key.name);
  },
  tags: (tags) => {
    const wanted = new Set(tags);
    return ({ key }) => key.tags.some((tag) => wanted.has(tag));
  },
  teams: (teams) => {
    const wanted = new Set(teams);
    return ({ key }) => key.team !== undefined && wanted.has(key.team);
  },
  input:
    (kinds) =>
    ({ needs }) =>
      kinds.some((kind) => needs.input.has(kind)),
  tools:
    (tools) =>
    ({ needs }) =>
      needs.tools === tools,
  structuredOutput:
    (structured) =>
    ({ needs }) =>
      needs.structuredOutput === structured,
  minInputTokens: (least) => (question) => estimateInputTokens(question) >= least,
  maxInputTokens: (most) => (question) => estimateInputTokens(question) <= most,
  languages: (languages) => {
    const wanted = languages.map((language) => language.toLowerCase());
    return ({ needs }) => {
      const language = needs.language?.toLowerCase();
      return wanted.some((range) => language === range || language?.startsWith(`${range}-`));
    };
  },
  endpoints: (endpoints) => {
    const wanted = new Set(endpoints);
    return ({ dialect }) => wanted.has(ENDPOINT_OF_DIALECT[dialect]);
  },
  dialects: (dialects) => {
    const wanted = new Set(dialects);
    return ({ dialect }) => wanted.has(dialect);
  },
};
