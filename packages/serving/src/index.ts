export { describeRuntime } from "./host/describe-runtime.ts";
export { startModelHost } from "./host/model-host.ts";
export type { HostEvent, HostMeasurement, ModelHost, ModelHostOptions } from "./host/model-host.ts";
export { createModelPool } from "./pool/model-pool.ts";
export type {
  ModelPool,
  ModelPoolOptions,
  ModelSource,
  PoolEvent,
  RefreshResult,
  ServedVersion,
} from "./pool/model-pool.ts";
