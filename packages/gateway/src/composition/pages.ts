// Pages for whoever runs the gateway, beside the fronts.
import type { RouteDescription } from "../routing/compiled-route.ts";
import type { Page, RenderedPage } from "../server/start-server.ts";
import type { GatewayState } from "../state/gateway-state.ts";

export interface PagesOptions {
  state: GatewayState | undefined;
  routes: () => readonly RouteDescription[];
}

export function createPages({ state, routes }: PagesOptions): Map<string, Page> {
  return new Map<string, Page>([
    // Alive: the process answers. A draining one should get no new traffic.
    [
      "/healthz",
      {
        isPublic: true,
        render: ({ draining }) => toJson(draining ? 503 : 200, { status: draining ? "draining" : "ok" }),
      },
    ],
    // Ready: requests would be served, and what they cost would be written down.
    [
      "/readyz",
      {
        isPublic: true,
        render({ draining }) {
          const store = state?.writer.health;
          const isReady = !draining && (store?.healthy ?? true);
          const status = draining ? "draining" : isReady ? "ok" : "store-behind";
          return toJson(isReady ? 200 : 503, { status, ...(store && { store }) });
        },
      },
    ],
    // Health is what this process has seen: where several share a port, each answers for itself.
    [
      "/routes",
      {
        isPublic: false,
        render: () => toJson(200, { process: process.pid, routes: routes() }),
      },
    ],
  ]);
}

function toJson(status: number, value: object): RenderedPage {
  return { status, body: JSON.stringify(value), contentType: "application/json; charset=utf-8" };
}
