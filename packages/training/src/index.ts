export { planRun } from "./plan/plan-run.ts";
export type { PlanOptions } from "./plan/plan-run.ts";
export { resume, train } from "./run/train.ts";
export type { SampleRequest, TrainingResult, TrainOptions } from "./run/train.ts";
