// What a configuration decides and a reload replaces: providers, routes, hooks. Requests that run keep what they
// began with; the next one sees the new.
import type { ModelDirectory } from "@homegrown/contracts";
import { routeDefaultsOf } from "../config/gateway-config.ts";
import type { GatewayConfig } from "../config/gateway-config.ts";
import { createHooks } from "../hooks/create-hooks.ts";
import type { Hooks } from "../hooks/create-hooks.ts";
import type { JsonMasker } from "../hooks/hook.ts";
import { Agent } from "../providers/passthrough/undici-agent.ts";
import { UndiciConnections } from "../providers/passthrough/undici-passthrough.ts";
import { createTargets } from "../providers/target-factory.ts";
import { HealthRegistry } from "../routing/health.ts";
import { createRouter } from "../routing/router.ts";
import type { Router } from "../routing/router.ts";
import { createTargetSource } from "./gateway-targets.ts";

export interface RoutingDependencies {
  directory: ModelDirectory | undefined;
  /** Loaded only where a hook masks. */
  loadMasker: () => Promise<JsonMasker>;
  /** Of an answer that a provider package reads; what passes through the core bounds itself. */
  maxAnswerBytes: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Parts of a replaced configuration may still be in use for as long as a request lasts. */
const RETIRE_MS = 600_000;

interface Closable {
  close(): Promise<void>;
}

export class ConfiguredRouting {
  readonly #dependencies: RoutingDependencies;
  readonly #connections = new UndiciConnections();
  readonly #dispatcher = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  readonly #health = new HealthRegistry();
  readonly #retired = new Map<Closable, NodeJS.Timeout>();
  #config: GatewayConfig;
  #applying: Promise<void> = Promise.resolve();
  #router: Router;
  #hooks: Hooks;

  static async open(config: GatewayConfig, dependencies: RoutingDependencies): Promise<ConfiguredRouting> {
    const routing = new ConfiguredRouting(config, dependencies);
    await routing.apply(config);
    return routing;
  }

  private constructor(config: GatewayConfig, dependencies: RoutingDependencies) {
    this.#dependencies = dependencies;
    this.#config = config;
    // Nobody sees these: `open` applies the configuration before it returns.
    this.#router = { aliases: [], describe: () => [], plan: neverPlans, close: () => Promise.resolve() };
    this.#hooks = { chain: () => undefined, unobserved: 0, close: () => Promise.resolve() };
  }

  get router(): Router {
    return this.#router;
  }

  get hooks(): Hooks {
    return this.#hooks;
  }

  get config(): GatewayConfig {
    return this.#config;
  }

  /** Takes a configuration over, or throws and leaves everything as it was. */
  apply(config: GatewayConfig): Promise<void> {
    // One after the other: what was handed over last is what holds.
    const applied = this.#applying.then(() => this.#apply(config));
    this.#applying = applied.catch(() => {});
    return applied;
  }

  async #apply(config: GatewayConfig): Promise<void> {
    const { directory, loadMasker, maxAnswerBytes } = this.#dependencies;
    const rented = await createTargets(config.providers, {
      dispatcher: this.#dispatcher,
      maxResponseBytes: maxAnswerBytes,
      createPassthrough: (endpoint, target) => this.#connections.createPassthrough({ ...endpoint, target }),
    });
    const masks = Object.values(config.hooks).some(({ kind }) => kind === "mask");
    const masker = masks ? await loadMasker() : NO_MASKER;
    const hooks = await createHooks(config.hooks, { masker });
    const router = createRouter({
      routes: config.routes,
      defaults: routeDefaultsOf(config),
      exposeOwn: config.own.expose,
      exposeTargets: config.exposeTargets,
      targets: createTargetSource(directory, rented, config.own.models),
      health: this.#health,
    });
    this.#retire(this.#router);
    this.#retire(this.#hooks);
    this.#router = router;
    this.#hooks = hooks;
    this.#config = config;
  }

  /** Call when no request runs any more. */
  async close(): Promise<void> {
    for (const [part, timer] of this.#retired) {
      clearTimeout(timer);
      await part.close();
    }
    await this.#router.close();
    await this.#hooks.close();
    await this.#connections.close({ force: true });
    await this.#dispatcher.destroy();
  }

  #retire(part: Closable): void {
    const timer = setTimeout(() => {
      this.#retired.delete(part);
      void part.close();
    }, RETIRE_MS);
    timer.unref();
    this.#retired.set(part, timer);
  }
}

const NO_MASKER: JsonMasker = {
  maskJson() {
    throw new Error("no hook of this configuration masks");
  },
};

function neverPlans(): never {
  throw new Error("the routing was not opened");
}
