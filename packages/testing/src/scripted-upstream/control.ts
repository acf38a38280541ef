// What the upstream says about itself, and how it is told to change, at run time.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isFault } from "./faults.ts";
import { sendJson } from "./send-json.ts";
import type { Tally, UpstreamCounts } from "./tally.ts";

/** What the control page sees of the server. */
export interface Controlled {
  readonly tally: Tally;
  readonly overrides: Map<string, { fault: string | undefined; times: number }>;
  readonly sockets: ReadonlySet<Socket>;
  readonly numConnections: number;
  reset(): void;
}

export function answerControl(
  server: Controlled,
  request: IncomingMessage,
  response: ServerResponse,
  text: string | undefined,
): void {
  // The asker's own connection is not one of those that it asks about.
  response.setHeader("connection", "close");
  const { tally } = server;
  switch (request.url) {
    case "/control/counts":
      return sendJson(response, 200, toCounts(server, request));
    case "/control/records":
      return sendJson(response, 200, tally.records);
    case "/control/bodies":
      return sendJson(response, 200, tally.bodies);
    case "/control/reset":
      server.reset();
      return sendJson(response, 200, {});
    case "/control/redirected":
      tally.redirected++;
      return sendJson(response, 200, {});
    case "/control/fault": {
      const { model, fault, times } = JSON.parse(text ?? "") as {
        model: string;
        fault: string;
        times?: number;
      };
      if (fault !== "none" && !isFault(fault)) return sendJson(response, 400, { error: "no such fault" });
      const override = {
        fault: fault === "none" ? undefined : fault,
        times: times ?? Number.POSITIVE_INFINITY,
      };
      server.overrides.set(model, override);
      return sendJson(response, 200, {});
    }
    default:
      return sendJson(response, 404, { error: "no such page" });
  }
}

function toCounts({ tally, sockets, numConnections }: Controlled, request: IncomingMessage): UpstreamCounts {
  return {
    requests: tally.requests,
    models: Object.fromEntries(tally.models),
    running: tally.running,
    openConnections: sockets.size - (sockets.has(request.socket) ? 1 : 0),
    connections: numConnections,
    redirected: tally.redirected,
  };
}
