// Three routes over one target take turns, one after another, so that whatever else the machine does meets all of
// them: alone, mirrored to a target that takes 50 ms, mirrored to one that does not answer at all. Between two
// requests the client rests, or it would share the processor with the copy of the one before.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { MAX_OUTPUT_TOKENS } from "./order.fixture.ts";
import { Upstream } from "./processes.fixture.ts";
import { Scene, createSqliteStore, providersOf } from "./scene.fixture.ts";

const PRICE = { input: 1, cacheRead: 1, output: 10 };
const MODELS = { m: { price: PRICE, maxOutputTokens: MAX_OUTPUT_TOKENS } };
const ROUTES = ["alone", "slowly", "brokenly"] as const;
const WARM_UP = 20;
const REST_MS = 3;

/** Medians of what clients wait, in milliseconds. */
export interface MirroredLatency {
  alone: number;
  slowly: number;
  brokenly: number;
  numSlowCopies: number;
}

/** Half of the requests are streamed. Throws where a copy is not counted as one. */
export async function measureMirroring(numRounds: number): Promise<MirroredLatency> {
  const scene = await Scene.open(await createSqliteStore());
  // A process of its own: a slow copy must not slow the provider itself.
  const shadow = await Upstream.start("entries", { delayMs: 50 });
  try {
    const key = await scene.createKey("client");
    const { openai: slow } = providersOf(shadow, MODELS);
    const { said: gateway } = await scene.startGateway({
      providers: {
        ...providersOf(scene.upstream, MODELS),
        slow: slow!,
        broken: { kind: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1", models: slow!.models },
      },
      routes: {
        alone: "openai/m",
        slowly: { targets: ["openai/m"], shadow: { target: "slow/m", share: 1, maxConcurrent: 64 } },
        brokenly: { targets: ["openai/m"], shadow: { target: "broken/m", share: 1, maxConcurrent: 64 } },
      },
    });
    const times = new Map(ROUTES.map((route) => [route, [] as number[]]));
    for (let round = -WARM_UP; round < numRounds; round += 1) {
      for (const alias of ROUTES) {
        const startedAt = performance.now();
        const order = { id: `${alias}-${round}`, output: 20 };
        const stream = round % 2 === 0;
        const seen = await scene.clients.ask(gateway, { key: key.text, alias, order, stream });
        assert.ok(seen.whole, seen.text);
        if (round >= 0) times.get(alias)!.push(performance.now() - startedAt);
        await sleep(REST_MS);
      }
    }
    await scene.endGateways();
    const rows = await scene.ledgerOf(key);
    const copies = rows.filter(({ mirrorOf }) => mirrorOf !== undefined);
    assert.equal(rows.length - copies.length, 3 * (numRounds + WARM_UP));
    assert.ok(copies.some(({ target, outcome }) => target === "broken/m" && outcome === "failed"));
    const numSlowCopies = copies.filter(({ target }) => target === "slow/m").length;
    assert.equal((await shadow.account()).length, numSlowCopies);
    const [alone, slowly, brokenly] = ROUTES.map((route) => median(times.get(route)!));
    return { alone: alone!, slowly: slowly!, brokenly: brokenly!, numSlowCopies };
  } finally {
    await scene.close();
    await shadow.child.kill();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
