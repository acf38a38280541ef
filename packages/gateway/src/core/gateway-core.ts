import type { ListedModel } from "@homegrown/contracts";
import type { Delivery } from "./delivery.ts";
import type { Key } from "./key.ts";
import type { ModelRequest } from "./model-request.ts";

/** The gateway without HTTP: what every front calls. */
export interface GatewayCore {
  /**
   * Admits, routes, runs, bills and records one request, and delivers its answer. Rejects with what a front
   * renders as an error; once a stream has been opened, the error ends that stream.
   */
  serve(request: ModelRequest, delivery: Delivery, caller: Key): Promise<void>;
  /** The names that this caller may use. */
  listModels(caller: Key): Promise<readonly ListedModel[]>;
}
