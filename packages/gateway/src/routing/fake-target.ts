// Targets and requests for the tests of routing.
import type { Dialect } from "../core/dialect.ts";
import type { Capabilities, Target } from "../core/target.ts";
import { HealthRegistry } from "./health.ts";
import type { Random } from "./clock.ts";
import { routeDefaultsSchema, routeSchema } from "./route-config.ts";
import type { RouteQuestion } from "./route-question.ts";
import { createRouter } from "./router.ts";
import type { Router } from "./router.ts";

export interface FakeTarget extends Partial<Omit<Target, "capabilities">> {
  id: string;
  capabilities?: Partial<Capabilities>;
  speaks?: readonly Dialect[];
}

export function createFakeTarget({ capabilities, speaks = [], ...fields }: FakeTarget): Target {
  const [provider = "", model = ""] = fields.id.split("/");
  return {
    provider,
    model,
    system: provider,
    own: provider === "own",
    rights: "evaluate",
    price: undefined,
    passthrough: (dialect) =>
      speaks.includes(dialect) ? { dispatch: () => assertNotCalled("dispatch") } : undefined,
    acquire: () => assertNotCalled("acquire"),
    ...fields,
    capabilities: {
      input: new Set(["text"]),
      tools: true,
      structuredOutput: true,
      logProbabilities: true,
      ...capabilities,
    },
  };
}

function assertNotCalled(name: string): never {
  throw new Error(`routing does not call ${name}`);
}

export function ask(alias: string, changes: Partial<RouteQuestion> = {}): RouteQuestion {
  return {
    alias,
    key: { id: "k0000001", name: "test", team: undefined, tags: [] },
    needs: { tools: false, input: new Set(["text"]), structuredOutput: false, logProbabilities: false },
    dialect: "openai/chat-completions",
    stream: false,
    maxInputTokens: 2000,
    maxOutputTokens: undefined,
    conversation: () => undefined,
    ...changes,
  };
}

export interface Bench {
  router: Router;
  health: HealthRegistry;
  targets: Map<string, Target>;
  /** Ids in the order of the plan. */
  order(question: RouteQuestion): string[];
  time: { now: number };
}

/** A router over fake targets with a clock that only the test moves. `routes` as people write them. */
export function createBench(
  routes: Record<string, unknown>,
  targets: readonly FakeTarget[],
  { random = Math.random, defaults = {}, exposeOwn = true, exposeTargets = false }: BenchOptions = {},
): Bench {
  const found = new Map(targets.map((target) => [target.id, createFakeTarget(target)]));
  const time = { now: 1_000_000 };
  const health = new HealthRegistry(() => time.now, random);
  const router = createRouter({
    routes: Object.fromEntries(
      Object.entries(routes).map(([alias, route]) => [alias, routeSchema.parse(route)]),
    ),
    defaults: routeDefaultsSchema.parse(defaults),
    exposeOwn,
    exposeTargets,
    targets: { find: (id) => found.get(id) },
    health,
  });
  const order = (question: RouteQuestion): string[] =>
    router.plan(question).candidates.map(({ target }) => target.id);
  return { router, health, targets: found, order, time };
}

export interface BenchOptions {
  random?: Random;
  defaults?: unknown;
  exposeOwn?: boolean;
  exposeTargets?: boolean;
}
