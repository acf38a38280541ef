export { accumulateGradients } from "./gradients/accumulate.ts";
export type { GradientPlan } from "./gradients/accumulate.ts";
export { differentiate } from "./gradients/differentiate.ts";
export { countCost } from "./cost/count-cost.ts";
export { Graph } from "./graph/graph.ts";
export { sizeOf } from "./graph/shapes.ts";
export type { Shape } from "./graph/shapes.ts";
export type { DType, Tensor } from "./graph/tensor.ts";
export { compileGraph } from "./onnx/compile.ts";
export { matrixProductsOf } from "./onnx/matrix-products.ts";
export type { MatrixProducts } from "./onnx/matrix-products.ts";
export { lowerToOnnx } from "./onnx/lower.ts";
export { centralDifferences } from "./reference/central-differences.ts";
export { interpret } from "./reference/interpret.ts";
export { runOnce } from "./reference/run-once.ts";
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
