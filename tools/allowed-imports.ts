/**
 * Which package may import which. Everybody may import `contracts`; test files may also import
 * `testing` and anything their package's dependents could hand them (see `architecture.ts`).
 */
export const ALLOWED_IMPORTS: Readonly<Record<string, readonly string[] | "all">> = {
  contracts: [],
  testing: [],
  storage: [],
  statistics: [],
  engine: [],
  tokenization: [],
  models: ["engine"],
  data: ["storage", "tokenization"],
  registry: ["storage"],
  serving: ["models", "tokenization"],
  training: ["engine", "models", "data", "storage", "tokenization"],
  evaluation: ["statistics", "models", "data", "tokenization"],
  lifecycle: ["training", "evaluation", "registry", "serving", "data", "models", "storage", "tokenization"],
  gateway: ["storage", "data"],
  cli: "all",
};
