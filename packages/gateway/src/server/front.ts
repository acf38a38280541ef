import type { IncomingHttpHeaders } from "node:http";
import type { Endpoint } from "../core/dialect.ts";
import type { GatewayCore } from "../core/gateway-core.ts";
import type { PermitState } from "../core/accounts.ts";
import type { FeedbackStore } from "../feedback/feedback.ts";
import type { ResponseStore } from "../stored-responses/response-store.ts";
import type { Exchange } from "./exchange.ts";
import type { GatewayLimits } from "./limits.ts";

/** What every front may use besides the request itself. */
export interface FrontContext {
  core: GatewayCore;
  limits: GatewayLimits;
  /** Undefined where nothing is stored. */
  responses: ResponseStore | undefined;
  /** Undefined where no ledger knows what was asked. */
  feedback: FeedbackStore | undefined;
}

/** One endpoint: reads the exchange, calls the core, renders what comes back. */
export interface Front {
  method: "GET" | "POST" | "DELETE";
  /** Literal path; a last segment `{name}` takes the rest of the path, decoded, as `exchange.parameter`. */
  path: string;
  /** What a key must be allowed to use; undefined: any key may. */
  endpoint: Endpoint | undefined;
  handle(exchange: Exchange, context: FrontContext): Promise<void>;
}

/** An error as a protocol's clients expect it. */
export interface RenderedError {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** A family of fronts that speak the same language, errors included. */
export interface Protocol {
  name: string;
  fronts: readonly Front[];
  /** Where two protocols share a path, the first that recognises the request by its headers has it. */
  recognises?(headers: IncomingHttpHeaders): boolean;
  renderError(error: unknown, requestId: string): RenderedError;
  /** The event that ends a stream which failed after its first byte. */
  renderStreamError(error: unknown, requestId: string): string;
  /** What is left of a key's limits, as the protocol's clients read it. */
  renderLimits(state: PermitState): Readonly<Record<string, string>>;
}
