export type {
  AccumulatedGradient,
  Cost,
  Initialisation,
  ParameterRole,
  ParameterSpec,
  ScatteredGradient,
  ScoreOutput,
  ScoreProgram,
  StepProgram,
} from "./program.ts";
export { createSession } from "./session.ts";
export type { Session, SessionOptions, Value } from "./session.ts";
export { createStepper } from "./parallel/stepper.ts";
export type { Batch, Stepper, StepperOptions, StepRequest } from "./parallel/stepper.ts";
export type { StepOutcome } from "./parallel/messages.ts";
export type { LearningRates, OptimizerOptions } from "./parallel/optimizer.ts";
