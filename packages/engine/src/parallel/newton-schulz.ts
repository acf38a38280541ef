// Orthogonalisation by five Newton–Schulz steps, as Muon uses it (Jordan et al. 2024,
// https://kellerjordan.github.io/posts/muon/): X ← U/‖U‖, then A = XXᵀ, X ← aX + (bA + cA²)X with that
// page's quintic, which brings every singular value near 1 (0.7 to 1.2) without computing one. A tall U is
// multiplied from the other side, so that the square in the middle is the small one.
import { Graph } from "../graph/graph.ts";
import { lowerToOnnx } from "../onnx/lower.ts";

export const newtonSchulzSteps = 5;
export const newtonSchulzCoefficients = { a: 3.4445, b: -4.775, c: 2.0315 } as const;

/** Inputs `update` [rows, columns] and `inverse_norm` [1, 1]; output `orthogonal` [rows, columns]. */
export function buildNewtonSchulz(rows: number, columns: number): Uint8Array {
  const { a, b, c } = newtonSchulzCoefficients;
  const graph = new Graph();
  const update = graph.input("update", "float32", [rows, columns]);
  const inverseNorm = graph.input("inverse_norm", "float32", [1, 1]);
  const tall = rows > columns;
  let x = graph.apply("multiply", [update, inverseNorm], {});
  for (let k = 0; k < newtonSchulzSteps; k++) {
    const square = graph.apply("gemm", [x, x], tall ? { transposeA: true } : { transposeB: true });
    const polynomial = graph.apply("gemm", [square, square, square], { alpha: c, beta: b });
    x = tall
      ? graph.apply("gemm", [x, polynomial, x], { beta: a })
      : graph.apply("gemm", [polynomial, x, x], { beta: a });
  }
  graph.output("orthogonal", x);
  return lowerToOnnx(graph);
}

/** Multiply-adds counted as two, for spreading matrices over workers. */
export function newtonSchulzFlops([rows = 1, columns = 1]: readonly number[]): number {
  const small = Math.min(rows, columns);
  return newtonSchulzSteps * (4 * small * small * Math.max(rows, columns) + 2 * small ** 3);
}
