export { ensurePython } from "./python-environment.ts";
export { CRASH_AT_MODULE, recordDurableSteps, runToCrash } from "./crashes.ts";
export type { ChildOptions, ChildResult, RecordedStep } from "./crashes.ts";
export { readFixedCorpus } from "./fixed-corpus.ts";
export type { CorpusFile } from "./fixed-corpus.ts";
