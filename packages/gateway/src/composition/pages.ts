// Pages for whoever runs the gateway, beside the fronts.
import type { RouteDescription } from "../routing/compiled-route.ts";
import type { Page, RenderedPage } from "../server/start-server.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { PROMETHEUS_CONTENT_TYPE } from "../telemetry/prometheus-text.ts";

export interface PagesOptions {
  state: GatewayState | undefined;
  /** For Prometheus; undefined where nobody wants it. */
  renderMetrics: (() => string) | undefined;
  routes: () => readonly RouteDescription[];
}

export function createPages({ state, renderMetrics, routes }: PagesOptions): Map<string, Page> {
  return new Map<string, Page>([
    // What is served, for people and for programs that make clients. Worked out when it is first asked for.
    [
      "/openapi.json",
      {
        isPublic: true,
        async render() {
          const { openApiText } = await import("../openapi/openapi-document.ts");
          return { status: 200, body: openApiText(), contentType: "application/json; charset=utf-8" };
        },
      },
    ],
    ...(renderMetrics ? [metricsPage(renderMetrics)] : []),
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

/** Names of models and routes are nothing for strangers: a key, or being on this machine, opens it. */
function metricsPage(renderMetrics: () => string): [path: string, page: Page] {
  const render = (): RenderedPage => ({
    status: 200,
    body: renderMetrics(),
    contentType: PROMETHEUS_CONTENT_TYPE,
  });
  return ["/metrics", { isPublic: false, render }];
}

function toJson(status: number, value: object): RenderedPage {
  return { status, body: JSON.stringify(value), contentType: "application/json; charset=utf-8" };
}
