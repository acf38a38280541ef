// The four tables, assembled. The compiler refuses this file while an op lacks a row in any of them.
import * as attention from "./attention.ts";
import * as elementwise from "./elementwise.ts";
import * as indexing from "./indexing.ts";
import * as loss from "./loss.ts";
import * as matrix from "./matrix.ts";
import * as normalization from "./normalization.ts";
import * as position from "./position.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";
import type { OpSignatures } from "./signatures.ts";

export const SHAPE_RULES: ShapeRules<OpSignatures> = {
  ...elementwise.shapes,
  ...matrix.shapes,
  ...normalization.shapes,
  ...position.shapes,
  ...attention.shapes,
  ...indexing.shapes,
  ...loss.shapes,
};

export const GRADIENT_RULES: GradientRules<OpSignatures> = {
  ...elementwise.gradients,
  ...matrix.gradients,
  ...normalization.gradients,
  ...position.gradients,
  ...attention.gradients,
  ...indexing.gradients,
  ...loss.gradients,
};

export const ONNX_RULES: OnnxRules<OpSignatures> = {
  ...elementwise.onnx,
  ...matrix.onnx,
  ...normalization.onnx,
  ...position.onnx,
  ...attention.onnx,
  ...indexing.onnx,
  ...loss.onnx,
};

export const REFERENCE_RULES: ReferenceRules<OpSignatures> = {
  ...elementwise.references,
  ...matrix.references,
  ...normalization.references,
  ...position.references,
  ...attention.references,
  ...indexing.references,
  ...loss.references,
};
