// The state of the gateway's parts, looked up when somebody asks.
import type { RouteDescription } from "../routing/compiled-route.ts";
import type { StoreHealth } from "../state/state-writer.ts";
import { Observed, one } from "./instruments.ts";
import type { Instrument, NumberPoint } from "./instruments.ts";
import type { KnownNames } from "./known-names.ts";

export interface GatewayStatus {
  activity(): { requests: number; streams: number };
  routes(): readonly RouteDescription[];
  /** Undefined in a gateway without a database. */
  store(): StoreHealth | undefined;
}

/** As a number, so that a maximum over time says something. */
const BREAKER_VALUE = { closed: 0, "half-open": 1, open: 2 } as const;

function gauge(name: string, unit: string, description: string, look: () => NumberPoint[]): Observed {
  return new Observed("gauge", { name, unit, description }, look);
}

function counter(name: string, unit: string, description: string, look: () => NumberPoint[]): Observed {
  return new Observed("counter", { name, unit, description }, look);
}

export function createGatewayMetrics(status: GatewayStatus, names: KnownNames): Instrument[] {
  const named = (): RouteDescription[] => status.routes().filter(({ alias }) => names.has(alias));
  const shadows = (of: (shadow: NonNullable<RouteDescription["shadow"]>) => number): NumberPoint[] =>
    named().flatMap(({ alias, shadow }) =>
      shadow === undefined
        ? []
        : [
            {
              attributes: { "homegrown.alias": alias, "homegrown.target": shadow.target },
              value: of(shadow),
            },
          ],
    );
  return [
    gauge("homegrown.requests.active", "{request}", "Requests in work", () =>
      one(status.activity().requests),
    ),
    gauge("homegrown.streams.open", "{stream}", "Streamed answers that have begun and not ended", () =>
      one(status.activity().streams),
    ),
    gauge("homegrown.target.breaker", "{state}", "Breaker: 0 closed, 1 half-open, 2 open", () =>
      readBreakers(named()),
    ),
    gauge("homegrown.shadow.running", "{request}", "Copies of requests in work", () =>
      shadows(({ running }) => running),
    ),
    counter("homegrown.shadow.dropped", "{request}", "Copies that were not made because too many ran", () =>
      shadows(({ dropped }) => dropped),
    ),
    gauge("homegrown.store.healthy", "{state}", "Whether the store takes what it should: 1 or 0", () => {
      const store = status.store();
      return one(store && Number(store.healthy));
    }),
    gauge("homegrown.store.behind", "{row}", "Rows that wait for the store", () =>
      one(status.store()?.behindRows),
    ),
    counter("homegrown.store.rejected", "{row}", "Rows that the store refused for themselves", () =>
      one(status.store()?.rejectedRows),
    ),
  ];
}

/** Routes may know the same target with breakers of their own: the worst one shows. */
function readBreakers(routes: readonly RouteDescription[]): NumberPoint[] {
  const worst = new Map<string, number>();
  for (const { targets } of routes) {
    for (const { target, state } of targets) {
      worst.set(target, Math.max(worst.get(target) ?? 0, BREAKER_VALUE[state]));
    }
  }
  return [...worst].map(([target, value]) => ({ attributes: { "homegrown.target": target }, value }));
}
