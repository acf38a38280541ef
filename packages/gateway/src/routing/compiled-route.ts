// One route, worked out as far as it can be before a request comes.
import type { Target } from "../core/target.ts";
import { fitsTarget } from "./capability.ts";
import { compileConditions } from "./conditions.ts";
import type { HealthRegistry, HealthStatus, TargetHealth } from "./health.ts";
import { hashName } from "./rendezvous.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { Route } from "./route-config.ts";
import type { RouteQuestion } from "./route-question.ts";
import { missingTargets, noCapableTarget } from "./routing-errors.ts";
import { BackgroundRunner } from "./background-runner.ts";
import { createRank } from "./target-order.ts";
import type { Ranked } from "./target-order.ts";

/** Where the router finds targets. Asked on every request, so a lookup must be cheap. */
export interface TargetSource {
  /** Undefined for a provider that is not configured, and for an own model that does not exist now. */
  find(id: string): Target | undefined;
}

export interface RoutePlan {
  readonly alias: string;
  readonly stream: boolean;
  readonly route: Route;
  readonly budget: RetryBudget;
  /** At least one. */
  readonly candidates: readonly Candidate[];
  /** Where a copy of this request goes, if this one was drawn. */
  readonly shadow: Shadow | undefined;
}

export interface Candidate {
  readonly target: Target;
  /** Speaks the request's dialect: bytes may pass through. */
  readonly direct: boolean;
  /** The only one left, though its breaker is open. */
  readonly lastResort: boolean;
  readonly health: TargetHealth;
}

export interface Shadow {
  readonly target: Target;
  readonly direct: boolean;
  readonly health: TargetHealth;
  readonly runner: BackgroundRunner;
}

export interface RouteDescription {
  alias: string;
  strategy: Route["strategy"];
  sticky: Route["sticky"];
  targets: (HealthStatus & { weight: number; when: object | undefined; exists: boolean })[];
  shadow: { target: string; share: number; running: number; dropped: number } | undefined;
}

interface Entry {
  id: string;
  weight: number;
  hash: number;
  when: ReturnType<typeof compileConditions>;
  written: object | undefined;
  health: TargetHealth;
}

interface Fitting extends Ranked {
  /** Fits or is free with some doubt: goes after those without. */
  doubtful: boolean;
}

export class CompiledRoute {
  readonly alias: string;
  readonly route: Route;
  readonly entries: readonly Entry[];
  readonly #budget: RetryBudget;
  readonly #targets: TargetSource;
  readonly #registry: HealthRegistry;
  readonly #shadow: { id: string; share: number; runner: BackgroundRunner; health: TargetHealth } | undefined;

  constructor(alias: string, route: Route, targets: TargetSource, registry: HealthRegistry) {
    this.alias = alias;
    this.route = route;
    this.#targets = targets;
    this.#registry = registry;
    this.#budget = new RetryBudget(route.retry.budgetRatio);
    this.entries = route.targets.map(({ target, weight, when }) => ({
      id: target,
      weight,
      hash: hashName(target),
      when: compileConditions(when),
      written: when,
      health: registry.of(target, route.breaker),
    }));
    if (route.shadow === undefined) return;
    const { target, share, maxConcurrent } = route.shadow;
    const health = registry.of(target, route.breaker);
    this.#shadow = { id: target, share, runner: new BackgroundRunner({ maxConcurrent }), health };
  }

  get healths(): TargetHealth[] {
    const own = this.entries.map(({ health }) => health);
    return this.#shadow === undefined ? own : [...own, this.#shadow.health];
  }

  plan(question: RouteQuestion): RoutePlan {
    const { alias, route } = this;
    return {
      alias,
      stream: question.stream,
      route,
      budget: this.#budget,
      candidates: this.#order(this.#fitting(question), question),
      shadow: this.#shadow === undefined ? undefined : this.#drawShadow(question),
    };
  }

  #fitting(question: RouteQuestion): Fitting[] {
    const fitting: Fitting[] = [];
    for (const { id, weight, hash, when, health } of this.entries) {
      if (when !== undefined && !when(question)) continue;
      const target = this.#targets.find(id);
      if (target === undefined) continue;
      const fits = fitsTarget(target, question);
      if (fits === "no") continue;
      fitting.push({ target, weight, hash, health, doubtful: fits === "unlikely" || health.restMs > 0 });
    }
    if (fitting.length === 0) throw this.#explain(question);
    return fitting;
  }

  #order(fitting: Fitting[], question: RouteQuestion): Candidate[] {
    const { strategy, sticky } = this.route;
    const toCandidate = ({ target, health }: Fitting, lastResort: boolean): Candidate => ({
      target,
      direct: target.passthrough(question.dialect) !== undefined,
      lastResort,
      health,
    });
    const healthy = fitting.filter(({ health }) => health.breaker.admits);
    if (healthy.length === 0) {
      const leastBad = fitting.reduce((a, b) =>
        b.health.breaker.pauseMs < a.health.breaker.pauseMs ? b : a,
      );
      return [toCandidate(leastBad, true)];
    }
    if (healthy.length === 1) return [toCandidate(healthy[0]!, false)];
    const rank = createRank(strategy, sticky === "conversation", question, this.#registry.random);
    const ranks = new Map(healthy.map((one) => [one, rank?.(one) ?? 0]));
    healthy.sort((a, b) => Number(a.doubtful) - Number(b.doubtful) || compare(ranks.get(a)!, ranks.get(b)!));
    return healthy.map((one) => toCandidate(one, false));
  }

  #drawShadow(question: RouteQuestion): Shadow | undefined {
    const { id, share, runner, health } = this.#shadow!;
    // Random is below 1, so a share of 1 draws all and one of 0 none.
    if (this.#registry.random() >= share || !health.breaker.admits) return undefined;
    const target = this.#targets.find(id);
    if (target === undefined || fitsTarget(target, question) === "no") return undefined;
    return { target, direct: target.passthrough(question.dialect) !== undefined, runner, health };
  }

  #explain(question: RouteQuestion): Error {
    const meant = this.entries.filter(({ when }) => when === undefined || when(question));
    const existing = meant.flatMap(({ id }) => this.#targets.find(id) ?? []);
    if (meant.length > 0 && existing.length === 0) {
      return missingTargets(
        question.alias,
        meant.map(({ id }) => id),
      );
    }
    return noCapableTarget(question, existing);
  }

  async close(): Promise<void> {
    await this.#shadow?.runner.close();
  }

  describe(): RouteDescription {
    const { alias, route } = this;
    const shadow = this.#shadow;
    return {
      alias,
      strategy: route.strategy,
      sticky: route.sticky,
      targets: this.entries.map(({ id, weight, written, health }) => ({
        ...health.status(),
        weight,
        when: written,
        exists: this.#targets.find(id) !== undefined,
      })),
      shadow: shadow && {
        target: shadow.id,
        share: shadow.share,
        running: shadow.runner.running,
        dropped: shadow.runner.dropped,
      },
    };
  }
}

/** Infinity minus Infinity is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
