// Collects the ONNX nodes that the lowering rules emit. Every value carries its shape, so that cost is
// counted on what will really run (a causal attention that skips blocks costs what it does).
import type { Shape } from "../graph/shapes.ts";
import type { DType } from "../graph/tensor.ts";
import type { OnnxAttribute, OnnxInitializer, OnnxNode } from "./model.ts";

export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A node with its values, before names are final. */
export interface EmittedNode extends Omit<OnnxNode, "inputs" | "outputs"> {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

type Attributes = Readonly<Record<string, OnnxAttribute>>;

export class OnnxEmitter {
  readonly emitted: EmittedNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly #shared: Map<string, OnnxValue> = new Map();
  #numValues = 0;

  /** A node with one float32 output (or of the given type). Undefined inputs at the end are left out. */
  node(
    op: string,
    inputs: readonly (OnnxValue | undefined)[],
    shape: Shape,
    attributes: Attributes = {},
    dtype: DType = "float32",
  ): OnnxValue {
    return this.#emit(op, inputs, [{ dtype, shape }], attributes)[0]!;
  }

  /** A node with several float32 outputs. */
  nodes(
    op: string,
    inputs: readonly (OnnxValue | undefined)[],
    shapes: readonly Shape[],
    attributes: Attributes = {},
  ): OnnxValue[] {
    const types = shapes.map((shape) => ({ dtype: "float32" as const, shape }));
    return this.#emit(op, inputs, types, attributes);
  }

  /** The same values under another shape: ONNX Runtime shares the buffer. */
  reshape(x: OnnxValue, shape: Shape): OnnxValue {
    return this.node("Reshape", [x, this.ints(shape)], shape, { allowzero: { int: 1 } }, x.dtype);
  }

  /**
   * Rows from `start` up to `end` along the first axis. With `again` it is a copy of its own: ONNX Runtime
   * merges equal nodes, and would otherwise keep the forward pass's slices until the backward pass.
   */
  slice(x: OnnxValue, start: number, end: number, again = false): OnnxValue {
    if (start === 0 && end === x.shape[0]) return x;
    const inputs = [x, this.ints([start]), this.ints([end]), this.ints([0])];
    if (again) inputs.push(this.ints([1]));
    return this.node("Slice", inputs, [end - start, ...x.shape.slice(1)], {}, x.dtype);
  }

  float(value: number): OnnxValue {
    return this.shared(`float ${value}`, () => this.floats([value], []));
  }

  floats(values: Iterable<number>, shape: Shape): OnnxValue {
    return this.#initializer("float32", shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  /** A constant of int64, one-dimensional unless a shape is given. */
  ints(values: readonly number[], shape: Shape = [values.length]): OnnxValue {
    return this.shared(`ints ${shape} ${values}`, () =>
      this.#initializer("int64", shape, new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
    );
  }

  /** One value per key: constants that many nodes use are stored once. */
  shared(key: string, make: () => OnnxValue): OnnxValue {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }

  #emit(
    op: string,
    inputs: readonly (OnnxValue | undefined)[],
    types: readonly { dtype: DType; shape: Shape }[],
    attributes: Attributes,
  ): OnnxValue[] {
    const outputs = types.map(({ dtype, shape }) => ({ name: `v${this.#numValues++}`, dtype, shape }));
    const present = inputs.filter((input) => input !== undefined);
    this.emitted.push({ op, inputs: present, outputs, attributes });
    return outputs;
  }

  #initializer(dtype: DType, shape: Shape, bytes: Uint8Array): OnnxValue {
    const value = { name: `c${this.initializers.length}`, dtype, shape };
    this.initializers.push({ ...value, bytes });
    return value;
  }
}
