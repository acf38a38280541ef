import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { resolveRoute } from "../routing/route-config.ts";
import type { ConfigIssue } from "./config-issues.ts";
import { defineConfig } from "./define-config.ts";
import { routeDefaultsOf } from "./gateway-config.ts";
import { parseConfig } from "./parse-config.ts";

const openai = { kind: "openai", apiKey: { env: "OPENAI_API_KEY" } } as const;
const FULL = defineConfig({
  providers: { openai, local: { kind: "openai-compatible", baseUrl: "http://127.0.0.1:1234/v1" } },
  routes: {
    fast: "openai/gpt-5-mini",
    safe: ["own/first", "openai/gpt-5-mini"],
    split: {
      strategy: "weighted",
      targets: [
        { target: "own/first", weight: 9, when: { keys: ["team-*"], languages: ["de"] } },
        { target: "local/some/model", weight: 1 },
      ],
      timeouts: { firstTokenMs: 1000, totalMs: 60_000 },
      shadow: { target: "openai/gpt-5-mini", share: 0.05 },
      cache: { ttlSeconds: 60 },
      capture: { right: "train", override: { by: "Ada", reason: "contract 7" } },
      hooks: ["check", "mask"],
    },
  },
  defaults: { retry: { maxAttempts: 2 }, hooks: ["mask"] },
  hooks: {
    mask: { kind: "mask", on: "both", buffer: true },
    words: { kind: "refuse", words: ["codename"] },
    check: {
      kind: "webhook",
      url: "https://checks.example/llm",
      onFailure: "refuse",
      secret: { env: "CHECK" },
    },
  },
  teams: { search: { requestsPerMinute: 600 } },
  limits: { maxBodyBytes: 1_000_000 },
  capture: { right: "evaluate" },
  state: { postgres: { env: "DATABASE_URL" } },
  telemetry: { otlpEndpoint: "http://127.0.0.1:4318", otlpHeaders: { authorization: { env: "OTLP" } } },
  allowedHosts: ["llm.example.org"],
});

function issuesOf(config: unknown): ConfigIssue[] {
  try {
    parseConfig(config, "homegrown.config.ts");
  } catch (error) {
    assert.ok(error instanceof HomegrownError && error.code === "gateway/config-invalid");
    assert.ok(error.message.startsWith("homegrown.config.ts: "));
    return error.details["issues"] as ConfigIssue[];
  }
  return [];
}

describe("the configuration", () => {
  it("has a default for everything", () => {
    const config = parseConfig({}, "x");
    assert.deepEqual([config.host, config.port, config.processes], ["127.0.0.1", 8080, 1]);
    assert.deepEqual(config.capture, { right: "metrics", retentionDays: 30 });
    assert.deepEqual(config.state, { synchronous: "full" });
    assert.equal(config.telemetry.logPrompts, false);
    assert.equal(config.own.expose, true);
    assert.equal(config.exposeTargets, false);
  });

  it("is read as it was meant", () => {
    const config = parseConfig(FULL, "x");
    const defaults = routeDefaultsOf(config);
    const fast = resolveRoute(config.routes["fast"]!, defaults);
    assert.equal(fast.retry.maxAttempts, 2);
    assert.deepEqual(fast.hooks, ["mask"]);
    assert.equal(fast.capture?.right, "evaluate");
    const split = resolveRoute(config.routes["split"]!, defaults);
    assert.equal(split.sticky, "conversation");
    assert.equal(split.capture?.override?.by, "Ada");
    assert.equal(split.cache?.scope, "key");
    assert.deepEqual(split.hooks, ["check", "mask"]);
    assert.equal(split.timeouts.stallMs, 60_000);
    assert.deepEqual(
      config.routes["safe"]!.targets.map(({ target }) => target),
      ["own/first", "openai/gpt-5-mini"],
    );
  });

  it("survives being written down and read again", () => {
    const once = parseConfig(FULL, "x");
    const written = JSON.stringify(once);
    assert.equal(JSON.stringify(parseConfig(JSON.parse(written), "x")), written);
  });

  const faults: [name: string, config: unknown, path: string, message: RegExp][] = [
    ["an unknown setting", { prot: 1 }, "prot", /is not a setting here/],
    ["a wrong type", { port: "8080" }, "port", /expected number/],
    ["a port out of range", { port: 70_000 }, "port", /65535/],
    ["an alias with a space", { routes: { "a b": "own/x" } }, 'routes["a b"]', /without spaces/],
    ["no target id", { routes: { fast: "gpt" } }, "routes.fast", /expected provider\/model/],
    ["no route at all", { routes: { fast: 5 } }, "routes.fast", /expected string or array or object/],
    ["no targets", { routes: { fast: [] } }, "routes.fast", />=1|at least|too small/i],
    [
      "a fault inside a list",
      { routes: { fast: ["own/a", "b"] } },
      "routes.fast[1]",
      /expected provider\/model/,
    ],
    [
      "an unknown member of a target",
      { routes: { fast: { targets: [{ target: "own/a", weigth: 2 }] } } },
      "routes.fast.targets[0].weigth",
      /is not a setting here/,
    ],
    [
      "an unknown provider",
      { providers: { openai }, routes: { fast: { targets: ["own/a", "opnai/gpt"] } } },
      "routes.fast.targets[1]",
      /provider "opnai", which is not among the providers: own, openai/,
    ],
    [
      "an unknown provider of a shadow",
      { routes: { fast: { targets: ["own/a"], shadow: { target: "x/y", share: 0.1 } } } },
      "routes.fast.shadow.target",
      /provider "x"/,
    ],
    [
      "a share above 1",
      { routes: { fast: { targets: ["own/a"], shadow: { target: "own/b", share: 5 } } } },
      "routes.fast.shadow.share",
      /<=1/,
    ],
    [
      "a shadow of itself",
      { routes: { fast: { targets: ["own/a"], shadow: { target: "own/a", share: 1 } } } },
      "routes.fast.shadow.target",
      /only target/,
    ],
    [
      "a target twice",
      { routes: { fast: ["own/a", "own/a"] } },
      "routes.fast.targets[1]",
      /same target again/,
    ],
    [
      "an unknown hook",
      { routes: { fast: { targets: ["own/a"], hooks: ["m"] } }, hooks: { mask: { kind: "mask" } } },
      "routes.fast.hooks[0]",
      /hook "m", which is not among the hooks: mask/,
    ],
    ["an unknown hook of all", { defaults: { hooks: ["m"] } }, "defaults.hooks[0]", /there are none/],
    ["an unknown kind of hook", { hooks: { h: { kind: "msk" } } }, "hooks.h.kind", /'mask' \| 'refuse'/],
    ["an unknown kind of provider", { providers: { p: { kind: "opnai" } } }, "providers.p.kind", /'openai'/],
    ["the name own", { providers: { own: openai } }, "providers.own", /organisation's models/],
    [
      "sticky where it cannot be",
      { routes: { fast: { targets: ["own/a"], strategy: "cheapest", sticky: "conversation" } } },
      "routes.fast.sticky",
      /use the strategy weighted/,
    ],
    [
      "weights of 0",
      { routes: { fast: { targets: [{ target: "own/a", weight: 0 }], strategy: "weighted" } } },
      "routes.fast.targets",
      /every weight is 0/,
    ],
    [
      "a time-out that never fires",
      { defaults: { timeouts: { firstTokenMs: 2000, totalMs: 1000 } } },
      "defaults.timeouts.firstTokenMs",
      /longer than the 1000 of totalMs/,
    ],
    [
      "a webhook that does not say what its failure means",
      { hooks: { h: { kind: "webhook", url: "https://x" } } },
      "hooks.h.onFailure",
      /allow/,
    ],
  ];
  for (const [name, config, path, message] of faults) {
    it(`names ${name}`, () => {
      const issues = issuesOf(config);
      assert.equal(issues.length, 1, JSON.stringify(issues));
      assert.equal(issues[0]!.path, path);
      assert.match(issues[0]!.message, message);
    });
  }

  it("repeats no secret that somebody wrote into it", () => {
    const secret = "sk-live-4711";
    const configs = [
      { providers: { p: { kind: "openai", apiKey: secret } } },
      { state: { postgres: `postgres://u:${secret}@db/x` } },
      { hooks: { h: { kind: "webhook", url: `https://u:${secret}@x`, onFailure: "allow" } } },
      { hooks: { h: { kind: "webhook", url: "https://x", onFailure: "allow", secret } } },
      { telemetry: { otlpHeaders: { authorization: 4711, other: [secret] } } },
      { port: secret },
      { routes: { a: { targets: [secret] } } },
    ];
    for (const config of configs) {
      const issues = issuesOf(config);
      assert.ok(issues.length > 0);
      assert.ok(!JSON.stringify(issues).includes("4711"), JSON.stringify(issues));
    }
  });

  it("shows the first of many faults, and how many there are", () => {
    const routes = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`r${index}`, "nobody/x"]));
    assert.throws(() => parseConfig({ routes }, "x"), /and 20 more\.$/);
  });
});
