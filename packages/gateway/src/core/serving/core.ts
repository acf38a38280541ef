import type { GatewayCore } from "../gateway-core.ts";
import type { CoreOptions } from "./core-options.ts";
import { Job } from "./job.ts";

/** The gateway without HTTP. */
export function createCore(options: CoreOptions): GatewayCore {
  return {
    serve: (request, delivery, caller) => new Job(options, request, delivery, caller).run(),
    listModels: options.listModels,
  };
}
