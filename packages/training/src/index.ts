export { planRun } from "./plan/plan-run.ts";
export type { PlanOptions } from "./plan/plan-run.ts";
export { resume, train } from "./run/train.ts";
export type { TrainingResult, TrainOptions } from "./run/train.ts";
export type { SampleRequest } from "./run/sampler.ts";
export { readMetrics } from "./run/metrics-file.ts";
export type { MetricsLine } from "./run/metrics-file.ts";
export { manifestSha256, readManifest } from "./run/run-folder.ts";
