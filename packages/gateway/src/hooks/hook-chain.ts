// The hooks of one route, run one after another. A route without hooks has no chain, and pays nothing.
import { HomegrownError } from "@homegrown/contracts";
import type { BackgroundRunner } from "../routing/background-runner.ts";
import type { Hook, HookContext, HookFailure, HookPhase, MaskCounts } from "./hook.ts";

export interface HookedValue {
  /** The body or answer to go on with. */
  value: unknown;
  /** Whether it is another than the one given: a request must be parsed anew, an answer rendered anew. */
  replaced: boolean;
  /** What was masked, by kind, all hooks together. */
  masked: MaskCounts;
  /** Hooks that did not come to a verdict, though the request went on. */
  failures: readonly { hook: string; failure: HookFailure }[];
}

/** What decides who is asked and how the answer travels stays as the client wrote it. */
const FIXED_MEMBERS = ["model", "stream"] as const;

export class HookChain {
  readonly #before: readonly Hook[];
  readonly #after: readonly Hook[];
  readonly #observers: BackgroundRunner;

  constructor(hooks: readonly Hook[], observers: BackgroundRunner) {
    this.#before = hooks.filter(({ phases }) => phases.includes("before"));
    this.#after = hooks.filter(({ phases }) => phases.includes("after"));
    this.#observers = observers;
  }

  get hasBefore(): boolean {
    return this.#before.length > 0;
  }
  get hasAfter(): boolean {
    return this.#after.length > 0;
  }
  /** Whether a streamed answer must be held back until it is complete. */
  get buffersStreams(): boolean {
    return this.#after.some(({ buffer }) => buffer);
  }

  /** Throws `gateway/refused-by-hook`, `gateway/hook-failed`, or the signal's reason. */
  runBefore(context: HookContext, body: unknown): Promise<HookedValue> {
    return runAll(this.#before, "before", context, body);
  }

  /** For whole answers, and for streams that were held back. Throws as `runBefore` does. */
  runAfter(context: HookContext, answer: unknown): Promise<HookedValue> {
    return runAll(this.#after, "after", context, answer);
  }

  /**
   * For streams that the client has had: hooks on answers look on, and what they say changes nothing. Returns at
   * once. False: too many are looking on already, this answer is not shown to them.
   */
  observeAfter(context: Omit<HookContext, "signal">, answer: unknown, numBytes: number): boolean {
    const observing = this.#after.filter(({ observes }) => observes);
    if (observing.length === 0) return true;
    return this.#observers.submit(async (signal) => {
      for (const hook of observing) await hook.run("after", answer, { ...context, signal });
    }, numBytes);
  }
}

async function runAll(
  hooks: readonly Hook[],
  phase: HookPhase,
  context: HookContext,
  original: unknown,
): Promise<HookedValue> {
  let value = original;
  const masked: Record<string, number> = {};
  const failures: { hook: string; failure: HookFailure }[] = [];
  for (const hook of hooks) {
    const verdict = await hook.run(phase, value, context);
    context.signal.throwIfAborted();
    if (verdict.action === "refuse") throw refusedByHook(hook.name, phase, verdict.reason);
    if (verdict.action === "fail") {
      if (verdict.onFailure === "refuse") throw hookFailed(hook.name, verdict.failure);
      failures.push({ hook: hook.name, failure: verdict.failure });
    }
    if (verdict.action === "replace") {
      value = phase === "before" ? keepFixed(verdict.value, original) : verdict.value;
      for (const [kind, count] of Object.entries(verdict.counts ?? {})) {
        masked[kind] = (masked[kind] ?? 0) + (count ?? 0);
      }
    }
  }
  return { value, replaced: value !== original, masked, failures };
}

function keepFixed(value: unknown, original: unknown): unknown {
  if (!isObject(value) || !isObject(original)) return value;
  const kept: Record<string, unknown> = { ...value };
  for (const name of FIXED_MEMBERS) {
    if (Object.hasOwn(original, name)) kept[name] = original[name];
    else delete kept[name];
  }
  return kept;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusedByHook(hook: string, phase: HookPhase, reason: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/refused-by-hook",
    kind: "invalid-input",
    message: reason,
    hint:
      phase === "before"
        ? "Change the request, or ask whoever runs this gateway about its rules."
        : "The answer was made but may not be shown; ask whoever runs this gateway about its rules.",
    details: { hook, phase },
  });
}

function hookFailed(hook: string, failure: HookFailure): HomegrownError {
  return new HomegrownError({
    code: "gateway/hook-failed",
    kind: "unavailable",
    message: `The check ${JSON.stringify(hook)} did not come to a verdict (${failure}), and without one nothing passes.`,
    hint: "Send the request again in a moment; whoever runs this gateway should look at the check's server.",
    details: { hook, failure },
    retryable: failure !== "request-too-large",
  });
}
