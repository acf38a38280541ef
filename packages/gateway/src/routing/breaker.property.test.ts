// The breaker against a model that keeps every event and counts them anew each time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { Breaker } from "./breaker.ts";
import type { Attempt, Verdict } from "./breaker.ts";
import { toMonotonic } from "./clock.ts";
import { resolveSettings } from "./route-settings.ts";

const { breaker: defaults } = resolveSettings();
const SETTINGS = {
  ...defaults,
  failures: 3,
  ratio: 0.5,
  windowMs: 1000,
  openMs: 400,
  maxOpenMs: 3000,
  probes: 2,
  successes: 2,
  lastResort: 2,
};
const SLOT_MS = SETTINGS.windowMs / 10;

interface Model {
  now: number;
  state: "closed" | "half-open" | "open";
  epoch: number;
  events: { at: number; failed: boolean }[];
  reopensAt: number;
  timesOpened: number;
  probesSucceeded: number;
  probeStartedAt: number;
  running: { attempt: Attempt; epoch: number }[];
}
interface Real {
  breaker: Breaker;
}

const seen = new Set<string>();

function move(model: Model, state: Model["state"]): void {
  seen.add(`${model.state} → ${state}`);
  model.state = state;
  model.epoch++;
  model.probesSucceeded = 0;
}
function probesOf(model: Model): Model["running"] {
  return model.running.filter(({ attempt, epoch }) => attempt.kind === "probe" && epoch === model.epoch);
}
function settle(model: Model): void {
  if (model.state === "open" && model.now >= model.reopensAt) move(model, "half-open");
  const lost = model.now - model.probeStartedAt > SETTINGS.maxOpenMs;
  if (model.state === "half-open" && probesOf(model).length > 0 && lost) move(model, "half-open");
}

class Begin implements fc.Command<Model, Real> {
  readonly lastResort: boolean;
  constructor(lastResort: boolean) {
    this.lastResort = lastResort;
  }
  check = (): boolean => true;
  run(model: Model, { breaker }: Real): void {
    settle(model);
    const expected = this.#expect(model);
    assert.equal(breaker.admits, expected === "normal" || expected === "probe");
    const attempt = breaker.begin(this.lastResort);
    assert.equal(attempt?.kind, expected);
    if (attempt === undefined) return;
    if (attempt.kind === "probe") model.probeStartedAt = model.now;
    model.running.push({ attempt, epoch: model.epoch });
  }
  #expect(model: Model): Attempt["kind"] | undefined {
    if (model.state === "closed") return "normal";
    if (model.state === "half-open" && probesOf(model).length < SETTINGS.probes) return "probe";
    const others = model.running.filter(({ attempt }) => attempt.kind === "last-resort").length;
    return this.lastResort && others < SETTINGS.lastResort ? "last-resort" : undefined;
  }
  toString = (): string => `begin(${this.lastResort})`;
}

class End implements fc.Command<Model, Real> {
  readonly pick: number;
  readonly verdict: Verdict;
  readonly retryAfterMs: number;
  constructor(pick: number, verdict: Verdict, retryAfterMs: number) {
    this.pick = pick;
    this.verdict = verdict;
    this.retryAfterMs = retryAfterMs;
  }
  check = (model: Readonly<Model>): boolean => model.running.length > 0;
  run(model: Model, { breaker }: Real): void {
    const [{ attempt, epoch }] = model.running.splice(this.pick % model.running.length, 1) as [
      Model["running"][0],
    ];
    breaker.end(attempt, this.verdict, this.retryAfterMs);
    const failed = this.verdict === "failure";
    if (epoch !== model.epoch || this.verdict === "neutral") return;
    if (attempt.kind === "probe") {
      if (failed) this.#open(model);
      else if (++model.probesSucceeded >= SETTINGS.successes) {
        move(model, "closed");
        model.events = [];
        model.timesOpened = 0;
      }
    } else if (attempt.kind === "last-resort") {
      if (!failed && model.state === "open") move(model, "half-open");
    } else {
      model.events.push({ at: model.now, failed });
      const oldest = Math.floor(model.now / SLOT_MS) - 9;
      const recent = model.events.filter(({ at }) => Math.floor(at / SLOT_MS) >= oldest);
      const failures = recent.filter((event) => event.failed).length;
      const isTooMuch = failures >= SETTINGS.failures && failures >= SETTINGS.ratio * recent.length;
      if (failed && isTooMuch) this.#open(model);
    }
  }
  #open(model: Model): void {
    const pause = Math.min(SETTINGS.openMs * 2 ** model.timesOpened, SETTINGS.maxOpenMs);
    model.timesOpened++;
    model.reopensAt = model.now + Math.max(pause, Math.min(this.retryAfterMs, SETTINGS.maxOpenMs));
    move(model, "open");
  }
  toString = (): string => `end(${this.pick}, ${this.verdict}, ${this.retryAfterMs})`;
}

class Pass implements fc.Command<Model, Real> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = (): boolean => true;
  run(model: Model, { breaker }: Real): void {
    model.now += this.ms;
    const isOver = model.state === "open" && model.now >= model.reopensAt;
    assert.equal(breaker.state, isOver ? "half-open" : model.state);
    assert.equal(breaker.pauseMs, model.state === "open" ? Math.max(0, model.reopensAt - model.now) : 0);
  }
  toString = (): string => `pass(${this.ms})`;
}

const pauseFor = (random: number): number => {
  const breaker = new Breaker(
    { ...SETTINGS, failures: 1 },
    () => 0,
    () => random,
  );
  breaker.end(breaker.begin(false)!, "failure");
  return breaker.pauseMs;
};

describe("the breaker", () => {
  it("does as its model does", () => {
    const verdict = fc.constantFrom<Verdict[]>("success", "failure", "failure", "neutral");
    const commands = fc.commands(
      [
        fc.boolean().map((lastResort) => new Begin(lastResort)),
        fc.tuple(fc.nat(7), verdict, fc.constantFrom(0, 0, 900, 9000)).map((end) => new End(...end)),
        fc.constantFrom(1, 50, 150, 500, 4000).map((ms) => new Pass(ms)),
      ],
      { maxCommands: 120, size: "max" },
    );
    const property = fc.property(commands, (commands) => {
      const model: Model = {
        now: 0,
        state: "closed",
        epoch: 0,
        events: [],
        reopensAt: 0,
        timesOpened: 0,
        probesSucceeded: 0,
        probeStartedAt: 0,
        running: [],
      };
      // Without jitter, so that the model can tell the instant.
      const breaker = new Breaker(
        SETTINGS,
        () => model.now,
        () => 0.5,
      );
      fc.modelRun(() => ({ model, real: { breaker } }), commands);
      assert.equal(breaker.state === "open", model.state === "open" && model.now < model.reopensAt);
    });
    fc.assert(property, { numRuns: 500 });
    const moves = [
      "closed → open",
      "half-open → closed",
      "half-open → half-open",
      "half-open → open",
      "open → half-open",
    ];
    assert.deepEqual([...seen].sort(), moves, "the runs went every way");
  });

  it("spreads its pauses by a fifth to either side", () => {
    assert.equal(pauseFor(0), 320);
    assert.ok(pauseFor(0.999_999) < 480 && pauseFor(0.999_999) > 479);
  });

  it("survives a clock that moves back", () => {
    const steps = fc.array(fc.integer({ min: -100_000, max: 1000 }), { maxLength: 50 });
    const property = fc.property(steps, (steps) => {
      let wall = 1e9;
      const clock = toMonotonic(() => wall);
      const breaker = new Breaker({ ...SETTINGS, failures: 1 }, clock, () => 0.5);
      let last = clock();
      for (const step of steps) {
        wall += step;
        const now = clock();
        assert.ok(now >= last);
        last = now;
        const attempt = breaker.begin(false);
        if (attempt !== undefined) breaker.end(attempt, "failure");
      }
      wall += SETTINGS.maxOpenMs * 1.2;
      assert.ok(breaker.admits, "it never stays open for longer than its longest pause");
    });
    fc.assert(property, { numRuns: 200 });
  });
});
