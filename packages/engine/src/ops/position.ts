// Rotary position embedding (Su et al. 2021, "RoFormer"), in the half-split form of Hugging Face and GGUF's
// Qwen: in each head, pair (x_i, x_{i+half}) turns by the angle position · theta^(−2i/headDim). A rotation's
// gradient is the rotation back. Rows are time-major: position = ⌊row / sequences⌋.
import type { Tensor } from "../graph/tensor.ts";
import { filled } from "../reference/nd-array.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";

export interface RotaryAttributes {
  readonly sequences: number;
  readonly headDim: number;
  readonly theta: number;
  /** Turns the other way. */
  readonly inverse?: boolean;
}

export interface PositionOps {
  /** x [sequenceLength · sequences, numHeads · headDim]. */
  rotary: { inputs: readonly [x: Tensor]; attributes: RotaryAttributes };
}

export const shapes: ShapeRules<PositionOps> = {
  rotary: ([x], { sequences, headDim }) => {
    const [rows, width] = x.shape;
    const fits =
      x.shape.length === 2 && rows! % sequences === 0 && width! % headDim === 0 && headDim % 2 === 0;
    return fits ? [x] : `x [time · ${sequences}, heads · ${headDim}] with an even head size`;
  },
};

export const gradients: GradientRules<PositionOps> = {
  rotary: (graph, { attributes }, dy) => [
    graph.apply("rotary", [dy], { ...attributes, inverse: !attributes.inverse }),
  ],
};

function angle(position: number, i: number, { theta, headDim }: RotaryAttributes): number {
  return position * theta ** ((-2 * i) / headDim);
}

export const onnx: OnnxRules<PositionOps> = {
  rotary: (emit, [x], attributes) => {
    const { sequences, headDim, theta, inverse = false } = attributes;
    const [rows, width] = x.shape as [number, number];
    const time = rows / sequences;
    const half = headDim / 2;
    const key = `rotary ${time} ${headDim} ${theta}`;
    const table = (f: (angle: number) => number): Float32Array =>
      Float32Array.from({ length: time * half }, (_, i) =>
        f(angle(Math.floor(i / half), i % half, attributes)),
      );
    const cos = emit.shared(`${key} cos`, () => emit.floats(table(Math.cos), [time, half]));
    const sin = emit.shared(`${key} sin ${inverse}`, () =>
      emit.floats(table(inverse ? (a) => -Math.sin(a) : Math.sin), [time, half]),
    );
    // The kernel wants [batch, time, width]; any factoring of the rows serves, since positions are explicit.
    const positions = emit.shared(`rotary positions ${rows} ${sequences}`, () =>
      emit.ints(
        Array.from({ length: rows }, (_, row) => Math.floor(row / sequences)),
        [sequences, time],
      ),
    );
    const view = emit.reshape(x, [sequences, time, width]);
    const turned = emit.node("RotaryEmbedding", [view, positions, cos, sin], view.shape, {
      num_heads: { int: width / headDim },
      interleaved: { int: 0 },
    });
    return [emit.reshape(turned, x.shape)];
  },
};

export const references: ReferenceRules<PositionOps> = {
  rotary: ([x], attributes) => {
    const { sequences, headDim, inverse = false } = attributes;
    const half = headDim / 2;
    const width = x.shape[1]!;
    const y = filled(x.shape, 0);
    for (let start = 0; start < x.data.length; start += headDim) {
      const position = Math.floor(Math.floor(start / width) / sequences);
      for (let i = 0; i < half; i++) {
        const turn = (inverse ? -1 : 1) * angle(position, i, attributes);
        const [a, b] = [x.data[start + i]!, x.data[start + i + half]!];
        y.data[start + i] = a * Math.cos(turn) - b * Math.sin(turn);
        y.data[start + i + half] = b * Math.cos(turn) + a * Math.sin(turn);
      }
    }
    return [y];
  },
};
