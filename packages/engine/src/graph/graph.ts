// A graph of tensors: inputs and parameters come in by name, ops are applied, outputs go out by name. Nodes
// are kept in the order of application, which is therefore a topological order. Everything else (gradients,
// ONNX, reference, cost) reads this one structure.
import { HomegrownError } from "@homegrown/contracts";
import type { OpAttributes, OpInputs, OpName } from "../ops/signatures.ts";
import { SHAPE_RULES } from "../ops/tables.ts";
import type { ParameterSpec } from "../program.ts";
import { formatShape } from "./shapes.ts";
import type { Shape } from "./shapes.ts";
import type { DType, Node, Tensor } from "./tensor.ts";

export class Graph {
  readonly inputs: Map<string, Tensor> = new Map();
  readonly parameters: Map<string, { readonly spec: ParameterSpec; readonly tensor: Tensor }> = new Map();
  readonly outputs: Map<string, Tensor> = new Map();
  readonly nodes: Node[] = [];
  readonly #producers: Map<Tensor, Node> = new Map();
  #numTensors = 0;

  /** A value fed at each run. Throws `engine/duplicate-name`. */
  input(name: string, dtype: DType, shape: Shape): Tensor {
    this.#claim(name);
    const tensor = this.#tensor(dtype, shape);
    this.inputs.set(name, tensor);
    return tensor;
  }

  /** A float32 value fed at each run that training changes. Throws `engine/duplicate-name`. */
  parameter(spec: ParameterSpec): Tensor {
    this.#claim(spec.name);
    const tensor = this.#tensor("float32", spec.shape);
    this.parameters.set(spec.name, { spec, tensor });
    return tensor;
  }

  /** Names a value that each run hands out. Throws `engine/duplicate-name`. */
  output(name: string, tensor: Tensor): void {
    this.#claim(name);
    this.outputs.set(name, tensor);
  }

  /** Applies an op and returns all its outputs. Throws `engine/bad-shape` when the inputs do not fit it. */
  applyAll<Op extends OpName>(
    op: Op,
    inputs: OpInputs<Op>,
    attributes: OpAttributes<Op>,
  ): readonly [Tensor, ...Tensor[]] {
    const types = SHAPE_RULES[op](inputs, attributes);
    if (typeof types === "string") throw badShape(op, inputs, types);
    const outputs = types.map(({ dtype, shape }) => this.#tensor(dtype, shape)) as [Tensor, ...Tensor[]];
    const node: Node<Op> = { op, inputs, attributes, outputs };
    this.nodes.push(node as unknown as Node);
    for (const output of outputs) this.#producers.set(output, node as unknown as Node);
    return outputs;
  }

  /** Applies an op and returns its first output. */
  apply<Op extends OpName>(op: Op, inputs: OpInputs<Op>, attributes: OpAttributes<Op>): Tensor {
    return this.applyAll(op, inputs, attributes)[0];
  }

  /** The node that computes a tensor; undefined for inputs and parameters. */
  producerOf(tensor: Tensor): Node | undefined {
    return this.#producers.get(tensor);
  }

  /** The nodes that the outputs need, in order. */
  liveNodes(): Node[] {
    const needed = new Set<Tensor>(this.outputs.values());
    const live: Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      live.push(node);
      for (const input of node.inputs as readonly Tensor[]) needed.add(input);
    }
    return live.reverse();
  }

  #tensor(dtype: DType, shape: Shape): Tensor {
    return { id: this.#numTensors++, dtype, shape };
  }

  #claim(name: string): void {
    if (!this.inputs.has(name) && !this.parameters.has(name) && !this.outputs.has(name)) return;
    throw new HomegrownError({
      code: "engine/duplicate-name",
      kind: "internal",
      message: `the graph has a value named '${name}' already`,
      hint: "Give every input, parameter and output a name of its own.",
    });
  }
}

function badShape(op: OpName, inputs: readonly Tensor[], expected: string): HomegrownError {
  const got = inputs.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`).join(", ");
  return new HomegrownError({
    code: "engine/bad-shape",
    kind: "invalid-input",
    message: `'${op}' cannot take (${got}): expected ${expected}`,
    hint: "Check the model's configuration: sizes that meet in one operation must agree.",
  });
}
