// The float64 values of the reference interpreter: dense, row-major, plain loops.
import { broadcast, sizeOf } from "../graph/shapes.ts";
import type { Shape } from "../graph/shapes.ts";

export interface NdArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export function filled(shape: Shape, value: number): NdArray {
  return { shape, data: new Float64Array(sizeOf(shape)).fill(value) };
}

export function mapElements(x: NdArray, f: (value: number) => number): NdArray {
  return { shape: x.shape, data: x.data.map(f) };
}

/** Element by element, broadcasting as NumPy does. */
export function zipElements(a: NdArray, b: NdArray, f: (x: number, y: number) => number): NdArray {
  const shape = broadcast(a.shape, b.shape);
  if (shape === undefined) throw new Error(`shapes [${a.shape}] and [${b.shape}] do not broadcast`);
  const result = filled(shape, 0);
  const placeA = placesIn(a.shape, shape);
  const placeB = placesIn(b.shape, shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = f(a.data[placeA(i)]!, b.data[placeB(i)]!);
  return result;
}

/** Maps a flat position in `whole` to the flat position in `part`, which broadcasts to it. */
export function placesIn(part: Shape, whole: Shape): (flat: number) => number {
  const lead = whole.length - part.length;
  const strides = part.map((length, axis) => (length === 1 ? 0 : sizeOf(part.slice(axis + 1))));
  return (flat) => {
    let rest = flat;
    let place = 0;
    for (let axis = whole.length - 1; axis >= lead; axis--) {
      place += (rest % whole[axis]!) * strides[axis - lead]!;
      rest = Math.floor(rest / whole[axis]!);
    }
    return place;
  };
}
