// Arithmetic on shapes, outermost dimension first. A scalar's shape is [].

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** NumPy's rule: aligned from the right, each pair equal or one of them 1. Undefined when they clash. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    result.push(Math.max(x, y));
  }
  return result;
}

/** Axes of `from` that were repeated to reach it from `to`: those a gradient must be summed over. */
export function repeatedAxes(from: Shape, to: Shape): number[] {
  const lead = from.length - to.length;
  return from.flatMap((length, axis) =>
    axis < lead || (to[axis - lead] === 1 && length !== 1) ? [axis] : [],
  );
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
