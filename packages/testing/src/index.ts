export { ensurePython } from "./python-environment.ts";
export { CRASH_AT_MODULE, recordDurableSteps, runToCrash } from "./crashes.ts";
export type { ChildOptions, ChildResult, RecordedStep } from "./crashes.ts";
