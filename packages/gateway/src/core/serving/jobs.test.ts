// Jobs over scripted targets, without a server: what is charged, kept and left behind.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HomegrownError } from "@homegrown/contracts";
import type { CompletionModel, CompletionRequest } from "@homegrown/contracts";
import { AnswerCaches } from "../../answer-cache/answer-caches.ts";
import { parseTextCompletion } from "../../protocols/openai/completions/request.ts";
import { createBench } from "../../routing/fake-target.ts";
import { LOCAL_CALLER } from "../../server/authentication.ts";
import { parseJsonBody } from "../../server/json-body.ts";
import { DEFAULT_LIMITS } from "../../server/limits.ts";
import { NO_ACCOUNTS } from "../accounts.ts";
import type { Accounts } from "../accounts.ts";
import type { Delivery } from "../delivery.ts";
import type { RequestReport } from "../request-report.ts";
import type { Passthrough, Price, Target, TargetLease } from "../target.ts";
import { createCore } from "./core.ts";

const PRICE: Price = { inputPerToken: 1000, outputPerToken: 1000, source: "test", asOf: "2026-11-25" };

function parse(fields: object): ReturnType<typeof parseTextCompletion> {
  return parseTextCompletion(parseJsonBody(Buffer.from(JSON.stringify(fields)), 100), DEFAULT_LIMITS);
}

class Client implements Delivery {
  readonly requestId = "r";
  readonly parts: string[] = [];
  onPart = (): void => {};
  readonly #abort = new AbortController();
  readonly #listeners: ((reason: HomegrownError) => void)[] = [];

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
  onCancel(listener: (reason: HomegrownError) => void): void {
    this.#listeners.push(listener);
  }
  note(): void {}
  annotate(): void {}
  showLimits(): void {}
  send(body: Uint8Array | string): void {
    this.parts.push(Buffer.from(body as string).toString());
  }
  openStream(): ReturnType<Delivery["openStream"]> {
    return {
      send: (part) => {
        this.send(part);
        this.onPart();
        return undefined;
      },
      end() {},
    };
  }
  leave(): void {
    const reason = failure("gateway/client-left", "cancelled");
    this.#abort.abort(reason);
    for (const listener of this.#listeners) listener(reason);
  }
}

function failure(code: string, kind: "cancelled" | "unavailable"): HomegrownError {
  return new HomegrownError({ code, kind, message: "m", hint: "h", retryable: kind === "unavailable" });
}

function provider(id: string, status = 200): Partial<Target> & { id: string } {
  const answer = {
    choices: [{ text: "hi", finish_reason: "length" }],
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  };
  const passthrough: Passthrough = {
    dispatch(_request, handler) {
      queueMicrotask(() => {
        handler.onRequestStart({ pause() {}, resume() {}, abort() {} });
        handler.onResponseStart(status, { "content-type": "application/json" });
        handler.onData(Buffer.from(JSON.stringify(status === 200 ? answer : {})));
        handler.onEnd();
      });
    },
  };
  return { id, price: PRICE, passthrough: () => passthrough };
}

function ownModel(acquire: () => Promise<TargetLease>): Partial<Target> & { id: string } {
  return { id: "own/m", price: PRICE, own: true, acquire };
}

function lease(complete: CompletionModel["complete"]): TargetLease {
  return { version: "m@1", completion: { modelId: "m", complete }, release() {} };
}

function serveWith(
  bench: ReturnType<typeof createBench>,
  caches?: AnswerCaches,
  accounts: Accounts = NO_ACCOUNTS,
) {
  const reports: RequestReport[] = [];
  const core = createCore({
    accounts,
    routing: { router: bench.router, hooks: undefined },
    limits: DEFAULT_LIMITS,
    listModels: () => Promise.resolve([]),
    observe: (report) => reports.push(report),
    caches,
    capture: undefined,
    logContentChars: undefined,
  });
  const serve = async (client: Client, fields: object = {}): Promise<unknown> => {
    try {
      return await core.serve(parse({ model: "r", prompt: "x", ...fields }), client, LOCAL_CALLER);
    } catch (error) {
      return error;
    }
  };
  return { serve, reports };
}

const CACHE = { ttlSeconds: 60, when: "always", scope: "shared" } as const;
const RETRY = { sameTarget: 0, baseMs: 1, maxMs: 1 } as const;

describe("a job", () => {
  it("whose copy has ended leaves nothing behind", async () => {
    const signals = new Set<AbortSignal>();
    const watched = provider("p/b");
    const bench = createBench(
      { r: { targets: ["p/a"], shadow: { target: "p/b", share: 1, maxConcurrent: 50 } } },
      [provider("p/a"), watched],
      { random: () => 0 },
    );
    const add = AbortSignal.prototype.addEventListener;
    AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...args: unknown[]) {
      signals.add(this);
      return Reflect.apply(add, this, args) as void;
    };
    try {
      const { serve, reports } = serveWith(bench);
      for (let i = 0; i < 10; i++) {
        await serve(new Client());
        await sleep(5);
      }
      assert.equal(reports.filter(({ mirrorOf }) => mirrorOf !== undefined).length, 10);
      for (const signal of signals) assert.ok(getEventListeners(signal, "abort").length <= 1);
    } finally {
      AbortSignal.prototype.addEventListener = add;
    }
  });

  it("whose client leaves while the model starts is not charged, and the model not asked", async () => {
    const starting = Promise.withResolvers<TargetLease>();
    let numAsked = 0;
    const bench = createBench({ r: ["own/m"] }, [ownModel(() => starting.promise)]);
    const { serve, reports } = serveWith(bench);
    const client = new Client();
    const served = serve(client, { prompt: "x".repeat(4000) });
    await sleep(5);
    client.leave();
    starting.resolve(
      lease(async function* () {
        numAsked++;
        yield { type: "text-delta", text: "a", tokens: [] };
      }),
    );
    await served;
    assert.deepEqual([numAsked, reports[0]!.costNano, reports[0]!.outcome], [0, 0, "client-left"]);
  });

  it("falls back with a cache as without one", async () => {
    const gone = ownModel(() => Promise.reject(failure("x/gone", "unavailable")));
    for (const cache of [undefined, CACHE]) {
      const route = { targets: ["own/m", "p/a"], retry: RETRY, ...(cache && { cache }) };
      const { serve } = serveWith(createBench({ r: route }, [gone, provider("p/a")]), new AnswerCaches());
      const client = new Client();
      assert.equal(await serve(client), undefined);
      assert.equal(client.parts.length, 1);
    }
  });

  it("that is broken off is charged for the text that was made, not for the events around it", async () => {
    const endless = lease(async function* ({ abortSignal }: CompletionRequest) {
      for (;;) {
        await sleep(1);
        abortSignal?.throwIfAborted();
        yield { type: "text-delta", text: "a", tokens: [] };
      }
    });
    const { serve, reports } = serveWith(
      createBench({ r: ["own/m"] }, [ownModel(() => Promise.resolve(endless))]),
    );
    const client = new Client();
    client.onPart = () => {
      if (client.parts.length === 20) client.leave();
    };
    await serve(client, { stream: true, max_tokens: 5000 });
    assert.equal(reports[0]!.usage.output, 5);
  });

  it("keeps neither what a budget cut short nor what another target said in a target's place", async () => {
    const caches = new AnswerCaches();
    const bench = createBench({ r: { targets: ["p/a"], cache: CACHE } }, [provider("p/a")]);
    const poor: Accounts = { ...NO_ACCOUNTS, reserve: () => ({ units: 1, isFree: false, release() {} }) };
    const first = serveWith(bench, caches, poor);
    await first.serve(new Client(), { max_tokens: 500 });
    const second = serveWith(bench, caches);
    for (const cached of [false, true]) {
      await second.serve(new Client(), { max_tokens: 500 });
      assert.equal(second.reports.at(-1)!.cached, cached);
    }
    const route = { targets: ["p/b", "p/a"], cache: CACHE, retry: RETRY };
    const failing = createBench({ r: route }, [provider("p/b", 503), provider("p/a")]);
    const { serve, reports } = serveWith(failing, new AnswerCaches());
    for (let i = 0; i < 2; i++) await serve(new Client());
    assert.deepEqual(
      reports.map(({ cached, target }) => [cached, target?.id]),
      [
        [false, "p/a"],
        [false, "p/a"],
      ],
    );
  });

  it("over a port that overlooks its signal ends soon after its client has left", async () => {
    const deaf = lease(async function* () {
      yield { type: "text-delta", text: "a", tokens: [] };
      await new Promise(() => {});
    });
    const { serve } = serveWith(createBench({ r: ["own/m"] }, [ownModel(() => Promise.resolve(deaf))]));
    const client = new Client();
    client.onPart = () => void setTimeout(() => client.leave(), 5);
    const startedAt = performance.now();
    await serve(client, { stream: true });
    assert.ok(performance.now() - startedAt < 6_000);
  });
});
