// Rows picked by number, and its transpose: rows added at numbers. The gradient of a lookup is almost all
// zeros, so training programs hand out its rows instead of the whole table (see `gradients/accumulate.ts`).
import { sizeOf } from "../graph/shapes.ts";
import type { Tensor } from "../graph/tensor.ts";
import { filled } from "../reference/nd-array.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";

export interface IndexingOps {
  /** table [n, width], rows int64 [r] → [r, width]. */
  gatherRows: {
    inputs: readonly [table: Tensor, rows: Tensor];
    attributes: Readonly<Record<never, never>>;
  };
  /** values [r, width], rows int64 [r] → [numRows, width]: zeros, plus each value added at its row. */
  scatterRows: {
    inputs: readonly [values: Tensor, rows: Tensor];
    attributes: { readonly numRows: number };
  };
}

export const shapes: ShapeRules<IndexingOps> = {
  gatherRows: ([table, rows]) =>
    table.shape.length === 2 && rows.shape.length === 1 && rows.dtype === "int64"
      ? [{ dtype: "float32", shape: [rows.shape[0]!, table.shape[1]!] }]
      : "a table [n, width] and int64 rows [r]",
  scatterRows: ([values, rows], { numRows }) =>
    values.shape.length === 2 && rows.dtype === "int64" && rows.shape[0] === values.shape[0]
      ? [{ dtype: "float32", shape: [numRows, values.shape[1]!] }]
      : "values [r, width] and int64 rows [r]",
};

export const gradients: GradientRules<IndexingOps> = {
  gatherRows: (graph, { inputs: [table, rows] }, dy) => [
    graph.apply("scatterRows", [dy, rows], { numRows: table.shape[0]! }),
    undefined,
  ],
  scatterRows: (graph, { inputs: [, rows] }, dy) => [graph.apply("gatherRows", [dy, rows], {}), undefined],
};

export const onnx: OnnxRules<IndexingOps> = {
  gatherRows: (emit, inputs, _, [y]) => [emit.node("Gather", inputs, y!.shape, { axis: { int: 0 } })],
  scatterRows: (emit, [values, rows], _, [y]) => {
    const zeros = emit.node("ConstantOfShape", [emit.ints(y!.shape)], y!.shape);
    const column = emit.reshape(rows, [sizeOf(rows.shape), 1]);
    return [emit.node("ScatterND", [zeros, column, values], y!.shape, { reduction: { string: "add" } })];
  },
};

export const references: ReferenceRules<IndexingOps> = {
  gatherRows: ([table, rows], _, [y]) => {
    const width = table.shape[1]!;
    const result = filled(y!.shape, 0);
    rows.data.forEach((row, i) =>
      result.data.set(table.data.subarray(row * width, (row + 1) * width), i * width),
    );
    return [result];
  },
  scatterRows: ([values, rows], _, [y]) => {
    const width = values.shape[1]!;
    const result = filled(y!.shape, 0);
    values.data.forEach((value, i) => {
      result.data[rows.data[Math.floor(i / width)]! * width + (i % width)]! += value;
    });
    return [result];
  },
};
