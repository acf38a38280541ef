import type { Command } from "commander";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loads the command with the packages that it needs: only the one that runs is loaded. */
  readonly load: () => Promise<Command>;
}

/** In the order in which people need them. */
export const commands: readonly CommandEntry[] = [
  {
    name: "up",
    summary: "Grow a first model from text on this machine, measure it, sign it, serve it.",
    load: async () => (await import("./up.ts")).defineUp(),
  },
  {
    name: "chat",
    summary: "Talk to a model of yours.",
    load: async () => (await import("./chat.ts")).defineChat(),
  },
  {
    name: "serve",
    summary: "Serve own and rented models to OpenAI and Anthropic clients.",
    load: async () => (await import("./serve.ts")).defineServe(),
  },
  {
    name: "routes",
    summary: "What stands behind each model name of the gateway, and how it is.",
    load: async () => (await import("./routes.ts")).defineRoutes(),
  },
  {
    name: "keys",
    summary: "Who may use the gateway: create, list, show, update, rotate, revoke.",
    load: async () => (await import("./keys.ts")).defineKeys(),
  },
  {
    name: "budgets",
    summary: "What keys, teams and all together may cost: set, list, remove.",
    load: async () => (await import("./budgets.ts")).defineBudgets(),
  },
  {
    name: "usage",
    summary: "What was asked of the gateway and what it cost.",
    load: async () => (await import("./usage.ts")).defineUsage(),
  },
  {
    name: "ledger",
    summary: "Single requests: who, which model, tokens, cost, outcome.",
    load: async () => (await import("./ledger.ts")).defineLedger(),
  },
  {
    name: "captures",
    summary: "Requests and answers that were kept: list, export for trainers, delete.",
    load: async () => (await import("./captures.ts")).defineCaptures(),
  },
  {
    name: "data",
    summary: "Prepare text for training, and count what each step kept.",
    load: async () => (await import("./data.ts")).defineData(),
  },
  {
    name: "train",
    summary: "Pretrain a model; measure, sign and register it.",
    load: async () => (await import("./train.ts")).defineTrain(),
  },
  {
    name: "eval",
    summary: "Measure a version again.",
    load: async () => (await import("./eval.ts")).defineEval(),
  },
  {
    name: "models",
    summary: "Versions of your models: list, show, verify, promote, rollback, import.",
    load: async () => (await import("./models.ts")).defineModels(),
  },
  {
    name: "doctor",
    summary: "Check that this machine can train and serve, and say what to mend.",
    load: async () => (await import("./doctor.ts")).defineDoctor(),
  },
];
