import type { ModelDirectory } from "@homegrown/contracts";
import type { Exchange } from "./exchange.ts";
import type { GatewayLimits } from "./limits.ts";

/** What every front may use besides the request itself. */
export interface FrontContext {
  directory: ModelDirectory;
  limits: GatewayLimits;
}

/** One endpoint: reads the exchange, calls the core, renders what comes back. */
export interface Front {
  method: "GET" | "POST";
  /** Literal path; a last segment `{name}` takes the rest of the path, decoded, as `exchange.parameter`. */
  path: string;
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
  renderError(error: unknown, requestId: string): RenderedError;
  /** The event that ends a stream which failed after its first byte. */
  renderStreamError(error: unknown, requestId: string): string;
}
