// From a request to the targets that may answer it, in the order in which they are tried. Everything that does
// not depend on the request is worked out once, when the configuration is read.
import { CompiledRoute } from "./compiled-route.ts";
import type { RouteDescription, RoutePlan, TargetSource } from "./compiled-route.ts";
import type { HealthRegistry } from "./health.ts";
import { resolveRoute, routeSchema } from "./route-config.ts";
import type { RouteConfig, RouteDefaults } from "./route-config.ts";
import type { RouteQuestion } from "./route-question.ts";
import { unknownAlias } from "./routing-errors.ts";

export interface RouterOptions {
  routes: Readonly<Record<string, RouteConfig>>;
  /** What routes leave open. */
  defaults: RouteDefaults;
  /** An own model may be asked for by its own name, without a route. */
  exposeOwn: boolean;
  /** Every target may be asked for by its id, `provider/model`, without a route. */
  exposeTargets: boolean;
  targets: TargetSource;
  /** Outlives routers: hand the same one to the router of the next configuration. */
  health: HealthRegistry;
}

export interface Router {
  /** Throws `gateway/model-not-found` or `gateway/no-capable-target`. */
  plan(question: RouteQuestion): RoutePlan;
  /** The configured names, in the order of the configuration. */
  readonly aliases: readonly string[];
  describe(): RouteDescription[];
  /** Ends copies of requests that still run, and waits for their ends. */
  close(): Promise<void>;
}

/** Names that clients made up must not fill the memory. */
const MAX_DIRECT_ROUTES = 1000;

export function createRouter(options: RouterOptions): Router {
  const { targets, health, exposeOwn, exposeTargets } = options;
  const compile = (alias: string, config: RouteConfig): CompiledRoute =>
    new CompiledRoute(alias, resolveRoute(config, options.defaults), targets, health);
  const routes = new Map(
    Object.entries(options.routes).map(([alias, route]) => [alias, compile(alias, route)]),
  );
  health.retain(new Set([...routes.values()].flatMap((route) => route.healths)));
  const direct = new Map<string, CompiledRoute>();

  const findDirect = (alias: string): CompiledRoute | undefined => {
    const id = exposeOwn && targets.find(`own/${alias}`) !== undefined ? `own/${alias}` : alias;
    if (id === alias && !(exposeTargets && targets.find(id) !== undefined)) return undefined;
    const known = direct.get(alias);
    if (known !== undefined) return known;
    const parsed = routeSchema.safeParse(id);
    if (!parsed.success) return undefined;
    const route = compile(alias, parsed.data);
    if (direct.size >= MAX_DIRECT_ROUTES) direct.delete(direct.keys().next().value!);
    direct.set(alias, route);
    return route;
  };

  return {
    aliases: [...routes.keys()],
    plan(question) {
      const route = routes.get(question.alias) ?? findDirect(question.alias);
      if (route === undefined) throw unknownAlias(question.alias);
      return route.plan(question);
    },
    describe: () => [...routes.values(), ...direct.values()].map((route) => route.describe()),
    async close() {
      await Promise.all([...routes.values()].map((route) => route.close()));
    },
  };
}
