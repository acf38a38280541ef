// A client must not feel that its requests are mirrored, neither to a slow target nor to a broken one. Three routes
// over one target take turns, so that whatever else the machine does meets all of them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ShownKey } from "../keys/key-admin.ts";
import { MAX_OUTPUT_TOKENS } from "./order.fixture.ts";
import { Upstream } from "./processes.fixture.ts";
import { Scene, createSqliteStore, providersOf } from "./scene.fixture.ts";

const PRICE = { input: 1, cacheRead: 1, output: 10 };
const MODELS = { m: { price: PRICE, maxOutputTokens: MAX_OUTPUT_TOKENS } };
const NUM_ROUNDS = 120;
/** What noise may do to a median of two milliseconds or so. A request that waited for its copy would take fifty. */
const withinNoise = (ms: number, aloneMs: number): boolean => ms < 1.5 * aloneMs + 1.5;
const ROUTES = ["alone", "slowly", "brokenly"] as const;

describe("client latency while mirroring", () => {
  let scene: Scene;
  let shadow: Upstream;
  let key: ShownKey;
  let gateway: string;

  before(async () => {
    scene = await Scene.open(await createSqliteStore());
    // A process of its own: a slow copy must not slow the provider itself.
    shadow = await Upstream.start("entries", { delayMs: 50 });
    key = await scene.createKey("client");
    const { openai: slow } = providersOf(shadow, MODELS);
    const child = await scene.startGateway({
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
    gateway = child.said;
  });
  after(async () => {
    await scene.close();
    await shadow.child.kill();
  });

  test("is what it is without, within noise", async () => {
    const times = new Map(ROUTES.map((route) => [route, [] as number[]]));
    for (let round = -20; round < NUM_ROUNDS; round += 1) {
      for (const alias of ROUTES) {
        const startedAt = performance.now();
        const order = { id: `${alias}-${round}`, output: 20 };
        const stream = round % 2 === 0;
        const seen = await scene.clients.ask(gateway, { key: key.text, alias, order, stream });
        assert.ok(seen.whole, seen.text);
        if (round >= 0) times.get(alias)!.push(performance.now() - startedAt);
      }
    }
    const [alone, slowly, brokenly] = ROUTES.map((route) => median(times.get(route)!)) as [
      number,
      number,
      number,
    ];
    const text = `p50 ${alone.toFixed(2)} ms alone, ${slowly.toFixed(2)} and ${brokenly.toFixed(2)} mirrored`;
    assert.ok(withinNoise(slowly, alone) && withinNoise(brokenly, alone), text);
    await scene.endGateways();
    const rows = await scene.ledgerOf(key);
    const copies = rows.filter(({ mirrorOf }) => mirrorOf !== undefined);
    const numSlow = copies.filter(({ target }) => target === "slow/m").length;
    assert.equal(rows.length - copies.length, 3 * (NUM_ROUNDS + 20));
    assert.ok(numSlow > NUM_ROUNDS, `${numSlow} copies were made`);
    assert.ok(copies.some(({ target, outcome }) => target === "broken/m" && outcome === "failed"));
    assert.equal((await shadow.account()).length, numSlow);
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
