import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { UpstreamError } from "../core/upstream-errors.ts";
import { ask, createBench } from "./fake-target.ts";
import type { Bench } from "./fake-target.ts";
import { routeDefaultsSchema, routeSchema } from "./route-config.ts";
import { createRouter } from "./router.ts";

const A = "openai/a";
const B = "anthropic/b";
const C = "own/c";
const THREE = [
  { id: A, speaks: ["openai/chat-completions" as const] },
  { id: B, speaks: ["anthropic/messages" as const] },
  { id: C },
];
const needs = ask("x").needs;

function breakTarget(bench: Bench, alias: string, id: string): void {
  const error = new UpstreamError({ fault: "server-error", target: id, message: "500" });
  const candidate = bench.router.plan(ask(alias)).candidates.find(({ target }) => target.id === id)!;
  for (let i = 0; i < 5; i++) {
    candidate.health.fail(candidate.health.begin(false, false)!, error);
  }
}

const code = (expected: string, message: RegExp) => (error: unknown) =>
  error instanceof HomegrownError && error.code === expected && message.test(error.message);

const matches = (when: object, changes: Parameters<typeof ask>[1]): boolean =>
  createBench({ r: { targets: [{ target: A, when }, B] } }, THREE).order(ask("r", changes))[0] === A;

const priceOf = (input: number, output: number): object => ({
  price: { inputPerToken: input, outputPerToken: output, source: "test", asOf: "2026-01-01" },
});

const route = (share: number): object => ({ targets: [A], shadow: { target: B, share } });

const drawn = (share: number, random: number): boolean => {
  const bench = createBench({ r: route(share) }, THREE, { random: () => random });
  return bench.router.plan(ask("r")).shadow !== undefined;
};

describe("a plan", () => {
  it("takes the short forms of a route", () => {
    const bench = createBench({ one: A, two: [B, A], full: { targets: [{ target: C }, B] } }, THREE);
    assert.deepEqual(bench.order(ask("one")), [A]);
    assert.deepEqual(bench.order(ask("two")), [B, A]);
    assert.deepEqual(bench.order(ask("full")), [C, B]);
    assert.deepEqual(bench.router.aliases, ["one", "two", "full"]);
  });

  it("says which targets speak the request's dialect", () => {
    const bench = createBench({ all: [A, B, C] }, THREE);
    const direct = (dialect: "openai/chat-completions" | "anthropic/messages"): boolean[] =>
      bench.router.plan(ask("all", { dialect })).candidates.map((candidate) => candidate.direct);
    assert.deepEqual(direct("openai/chat-completions"), [true, false, false]);
    assert.deepEqual(direct("anthropic/messages"), [false, true, false]);
  });

  it("carries the route's settings over the defaults", () => {
    const route = { targets: [A], timeouts: { totalMs: 9 }, retry: { maxAttempts: 1 }, capture: "none" };
    const defaults = { timeouts: { totalMs: 7, stallMs: 8 }, hooks: ["h"], capture: "evaluate" };
    const bench = createBench({ tight: route, loose: A }, THREE, { defaults, exposeTargets: true });
    const tight = bench.router.plan(ask("tight")).route;
    assert.equal(tight.timeouts.totalMs, 9);
    assert.equal(tight.timeouts.stallMs, 8);
    assert.equal(tight.timeouts.connectMs, 5000);
    assert.equal(tight.retry.maxAttempts, 1);
    assert.equal(tight.capture?.right, "none");
    for (const alias of ["loose", B]) {
      const { route } = bench.router.plan(ask(alias));
      assert.equal(route.timeouts.totalMs, 7);
      assert.deepEqual(route.hooks, ["h"], "a name that clients choose themselves is no way round a hook");
      assert.equal(route.capture?.right, "evaluate");
    }
  });

  it("finds own models by their name and, where allowed, any target by its id", () => {
    const closed = createBench({ c: A }, THREE, { exposeOwn: false });
    assert.deepEqual(closed.order(ask("c")), [A], "a route hides an own model of its name");
    const open = createBench({}, THREE, { exposeTargets: true });
    assert.deepEqual(open.order(ask("c")), [C]);
    assert.deepEqual(open.order(ask(A)), [A]);
    const own = createBench({}, THREE);
    assert.deepEqual(own.order(ask("c")), [C]);
    for (const alias of [A, "a", "nobody", "__proto__", "own/c", ""]) {
      assert.throws(() => own.order(ask(alias)), code("gateway/model-not-found", /does not exist here/));
    }
  });

  it("tells a route to a model that was not made yet from an unknown name", () => {
    const bench = createBench({ mine: "own/later" }, THREE);
    assert.throws(() => bench.order(ask("mine")), code("gateway/model-not-found", /leads to own\/later/));
    bench.targets.set("own/later", bench.targets.get(C)!);
    assert.deepEqual(bench.order(ask("mine")), [C], "found as soon as it is there");
  });
});

describe("capability", () => {
  it("leaves out targets that lack what the request needs, and names what nobody fits", () => {
    const bench = createBench({ all: [A, B] }, [
      { id: A, capabilities: { tools: false, structuredOutput: false } },
      { id: B, capabilities: { structuredOutput: false, logProbabilities: false } },
    ]);
    assert.deepEqual(bench.order(ask("all", { needs: { ...needs, tools: true } })), [B]);
    assert.throws(
      () => bench.order(ask("all", { needs: { ...needs, tools: true, structuredOutput: true } })),
      code("gateway/no-capable-target", /needs: structured output\.$/),
    );
    assert.throws(
      () => bench.order(ask("all", { needs: { ...needs, tools: true, logProbabilities: true } })),
      code("gateway/no-capable-target", /No single target .*: tools, log-probabilities\.$/),
    );
    assert.throws(
      () => bench.order(ask("all", { needs: { ...needs, input: new Set(["text", "image"]) } })),
      code("gateway/no-capable-target", /image input/),
    );
  });

  it("refuses a prompt that cannot fit, and tries one that may, after those that it fits", () => {
    const bench = createBench({ all: [A, B] }, [{ id: A, capabilities: { contextTokens: 1000 } }, { id: B }]);
    assert.deepEqual(bench.order(ask("all", { maxInputTokens: 3000 })), [A, B]);
    assert.deepEqual(bench.order(ask("all", { maxInputTokens: 8000 })), [B, A]);
    assert.deepEqual(bench.order(ask("all", { maxInputTokens: 3000, maxOutputTokens: 900 })), [B, A]);
    assert.deepEqual(bench.order(ask("all", { maxInputTokens: 17_000 })), [B]);
    const only = createBench({ all: A }, [
      { id: A, capabilities: { contextTokens: 1000, input: new Set(["text", "image"]) } },
    ]);
    assert.throws(
      () => only.order(ask("all", { maxInputTokens: 17_000 })),
      code("gateway/no-capable-target", /a prompt of this length/),
    );
    const image = { ...needs, input: new Set(["text", "image"] as const) };
    assert.deepEqual(only.order(ask("all", { maxInputTokens: 17_000, needs: image })), [A]);
  });
});

describe("conditions", () => {
  const key = { id: "k0000001", name: "team-a/ci", team: "search", tags: ["beta", "eu"] };

  it("hold together, each list by one of its entries", () => {
    assert.ok(matches({ keys: ["other", "k0000001"] }, { key }));
    assert.ok(matches({ keys: ["team-*"] }, { key }));
    assert.ok(matches({ keys: ["*a/c*"], tags: ["eu"], teams: ["search"] }, { key }));
    assert.ok(!matches({ keys: ["*a/c*"], tags: ["us"] }, { key }));
    assert.ok(!matches({ teams: ["search"] }, {}), "a key without a team");
    assert.ok(matches({ tools: true }, { needs: { ...needs, tools: true } }));
    assert.ok(!matches({ tools: false }, { needs: { ...needs, tools: true } }));
    assert.ok(matches({ structuredOutput: true }, { needs: { ...needs, structuredOutput: true } }));
    assert.ok(!matches({ input: ["image"] }, {}));
    assert.ok(matches({ minInputTokens: 500, maxInputTokens: 500 }, { maxInputTokens: 2000 }));
    assert.ok(!matches({ minInputTokens: 501 }, { maxInputTokens: 2000 }));
    assert.ok(matches({ languages: ["DE"] }, { needs: { ...needs, language: "de-AT" } }));
    assert.ok(!matches({ languages: ["de"] }, { needs: { ...needs, language: "den" } }));
    assert.ok(!matches({ languages: ["de"] }, {}));
    assert.ok(matches({ endpoints: ["messages"] }, { dialect: "anthropic/messages" }));
    assert.ok(!matches({ dialects: ["openai/responses"] }, {}));
  });

  it("that exclude all targets are an error that says so", () => {
    const bench = createBench({ r: { targets: [{ target: A, when: { teams: ["x"] } }] } }, THREE);
    assert.throws(
      () => bench.order(ask("r")),
      code("gateway/no-capable-target", /conditions .* exclude all/),
    );
  });
});

describe("health in plans", () => {
  it("leaves out an open target until its probes may run", () => {
    const bench = createBench({ all: [A, B] }, THREE, { random: () => 0.5 });
    breakTarget(bench, "all", A);
    assert.deepEqual(bench.order(ask("all")), [B]);
    bench.time.now += 10_001;
    assert.deepEqual(bench.order(ask("all")), [A, B]);
    const { health } = bench.router.plan(ask("all")).candidates[0]!;
    const probes = [health.begin(false, false)!, health.begin(false, false)!];
    assert.deepEqual(bench.order(ask("all")), [B], "both places for probes are taken");
    for (const probe of probes) health.succeed(probe);
    assert.deepEqual(bench.order(ask("all")), [A, B]);
  });

  it("asks the one that comes back first where all are open", () => {
    const bench = createBench({ all: [A, B] }, THREE, { random: () => 0.5 });
    breakTarget(bench, "all", A);
    bench.time.now += 1000;
    breakTarget(bench, "all", B);
    const { candidates } = bench.router.plan(ask("all"));
    assert.deepEqual(
      candidates.map(({ target, lastResort }) => [target.id, lastResort]),
      [[A, true]],
    );
  });

  it("lets others go first while a target asks to be spared", () => {
    const bench = createBench({ all: [A, B] }, THREE);
    const { health } = bench.router.plan(ask("all")).candidates[0]!;
    const limited = { fault: "rate-limited", target: A, message: "429", retryAfterMs: 3000 } as const;
    health.fail(health.begin(false, false)!, new UpstreamError(limited));
    assert.deepEqual(bench.order(ask("all")), [B, A]);
    bench.time.now += 3001;
    assert.deepEqual(bench.order(ask("all")), [A, B]);
  });

  it("is shared by routes with equal settings", () => {
    const bench = createBench(
      { one: [A, B], two: [A, B], own: { targets: [A, B], breaker: { failures: 50 } } },
      THREE,
    );
    breakTarget(bench, "one", A);
    assert.deepEqual(bench.order(ask("two")), [B]);
    assert.deepEqual(bench.order(ask("own")), [A, B]);
    const state = bench.router.describe()[0]!.targets[0]!;
    assert.equal(state.state, "open");
    assert.equal(state.exists, true);
    assert.equal(bench.health.status().length, 4);
  });
});

describe("the router of the next configuration", () => {
  it("knows what was known of its targets, and forgets the others", () => {
    const bench = createBench({ all: [A, B], other: C }, THREE);
    breakTarget(bench, "all", A);
    const next = createRouter({
      routes: { renamed: routeSchema.parse([A, B]) },
      defaults: routeDefaultsSchema.parse({}),
      exposeOwn: true,
      exposeTargets: false,
      targets: { find: (id) => bench.targets.get(id) },
      health: bench.health,
    });
    const { candidates } = next.plan(ask("renamed"));
    assert.deepEqual(
      candidates.map(({ target }) => target.id),
      [B],
    );
    assert.deepEqual(
      bench.health.status().map(({ target }) => target),
      [A, B],
    );
    assert.throws(() => next.plan(ask("all")), code("gateway/model-not-found", /does not exist/));
  });
});

describe("names that clients make up", () => {
  it("do not fill the memory", () => {
    const bench = createBench({}, [{ id: A }], { exposeTargets: true });
    const anything = bench.targets.get(A)!;
    bench.targets.get = () => anything;
    for (let name = 0; name < 5000; name++) bench.router.plan(ask(`openai/${name}`));
    assert.ok(bench.router.describe().length <= 1000);
    assert.ok(bench.health.status().length <= 4096);
  });
});

describe("strategies", () => {
  it("cheapest: unknown prices last, own models without a price first", () => {
    const targets = [
      { id: "p/unknown" },
      { id: "p/dear", ...priceOf(9, 9) },
      { id: "p/low", ...priceOf(2, 2) },
    ];
    const route = { strategy: "cheapest", targets: ["p/unknown", "p/dear", C, "p/low"] };
    const bench = createBench({ r: route }, [...targets, { id: C }]);
    assert.deepEqual(bench.order(ask("r")), [C, "p/low", "p/dear", "p/unknown"]);
  });

  it("cheapest weighs input against output", () => {
    const targets = [
      { id: "p/in", ...priceOf(1, 10) },
      { id: "p/out", ...priceOf(5, 1) },
    ];
    const bench = createBench({ r: { strategy: "cheapest", targets: ["p/in", "p/out"] } }, targets);
    assert.equal(bench.order(ask("r", { maxInputTokens: 40_000, maxOutputTokens: 1 }))[0], "p/in");
    assert.equal(bench.order(ask("r", { maxInputTokens: 40, maxOutputTokens: 1000 }))[0], "p/out");
  });

  it("lowest latency: by the kind of request, and a slow target is looked at again", () => {
    const bench = createBench({ r: { strategy: "lowest-latency", targets: [A, B] } }, THREE);
    const answer = (stream: boolean, latencies: Record<string, number>): string => {
      const { health, target } = bench.router.plan(ask("r", { stream })).candidates[0]!;
      const attempt = health.begin(false, stream)!;
      (stream ? health.firstToken : health.wholeAnswer).record(latencies[target.id]!);
      health.succeed(attempt);
      return target.id;
    };
    const slowA = { [A]: 900, [B]: 100 };
    assert.deepEqual([answer(true, slowA), answer(true, slowA)], [A, B], "each is tried once");
    for (let i = 0; i < 5; i++) assert.equal(answer(true, slowA), B);
    const slowB = { [A]: 10, [B]: 20 };
    assert.deepEqual([answer(false, slowB), answer(false, slowB), answer(false, slowB)], [A, B, A]);
    // A recovers. Streams go on at B; some time later one looks at A, and A's average falls from there on.
    const fastA = { [A]: 10, [B]: 100 };
    let looksAtA = 0;
    for (let second = 0; second < 600; second++) {
      bench.time.now += 1000;
      if (answer(true, fastA) === A) looksAtA++;
    }
    assert.ok(looksAtA > 300, `A is found again, asked ${looksAtA} times in ten minutes`);
  });

  it("weighted: a weight of 0 takes part only after the others", () => {
    const targets = [{ target: A, weight: 0 }, B, { target: C, weight: 1e-6 }];
    const bench = createBench({ r: { strategy: "weighted", targets } }, THREE);
    for (let i = 0; i < 50; i++) assert.equal(bench.order(ask("r")).at(-1), A);
  });
});

describe("shadows in plans", () => {
  it("are drawn at their share", () => {
    assert.ok(drawn(0.1, 0.09));
    assert.ok(!drawn(0.1, 0.1));
    assert.ok(!drawn(0, 0));
    assert.ok(drawn(1, 0.999_999));
  });

  it("only go to a target that is there, fits and is well", () => {
    const bench = createBench({ r: route(1), b: B }, [{ id: A }, { id: B, capabilities: { tools: false } }]);
    const shadow = bench.router.plan(ask("r")).shadow!;
    assert.equal(shadow.target.id, B);
    assert.equal(shadow.direct, false);
    assert.equal(bench.router.plan(ask("r", { needs: { ...needs, tools: true } })).shadow, undefined);
    breakTarget(bench, "b", B);
    assert.equal(bench.router.plan(ask("r")).shadow, undefined);
    const gone = createBench({ r: route(1) }, [{ id: A }]);
    assert.equal(gone.router.plan(ask("r")).shadow, undefined);
  });
});
