// An ONNX model as plain data, and its bytes. Field numbers are those of onnx.proto (IR version 8).
import type { Shape } from "../graph/shapes.ts";
import type { DType } from "../graph/tensor.ts";
import { ProtoWriter } from "./protobuf.ts";

export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] };

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface OnnxInitializer extends OnnxValueInfo {
  /** Little-endian elements. */
  readonly bytes: Uint8Array;
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

/** The newest operator set that every kernel used here supports. */
const OPSET = 18;
const IR_VERSION = 8;
const CONTRIB_DOMAIN = "com.microsoft";
/** Operators of ONNX Runtime's own domain; SimplifiedLayerNormalization is registered in the default one. */
const CONTRIB_OPS: ReadonlySet<string> = new Set(["FusedMatMul", "RotaryEmbedding", "QuickGelu"]);

const ELEMENT_TYPE: Readonly<Record<DType, number>> = { float32: 1, int64: 7 };

/**
 * An extra first output, an empty sequence. onnxruntime-node copies every output into a fresh array even when
 * it has already written it into the caller's; it does so in the model's order and stops at the first that it
 * cannot convert, and a sequence is one. `createSession` expects that. For a model of 98 million parameters
 * this saves 390 MB of copying, and as much memory, in every run.
 */
export const COPY_STOPPER = "copy_stopper";

export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = new ProtoWriter();
  writer.int(1, IR_VERSION).string(2, "homegrown");
  writer.message(7, (graph) => {
    for (const node of [...model.nodes, STOPPER_NODE])
      graph.message(1, (message) => writeNode(message, node));
    graph.string(2, "graph");
    for (const initializer of model.initializers) {
      graph.message(5, (message) => writeInitializer(message, initializer));
    }
    for (const input of model.inputs) graph.message(11, (message) => writeValueInfo(message, input));
    graph.message(12, writeStopperInfo);
    for (const output of model.outputs) graph.message(12, (message) => writeValueInfo(message, output));
  });
  writer.message(8, (opset) => opset.string(1, "").int(2, OPSET));
  writer.message(8, (opset) => opset.string(1, CONTRIB_DOMAIN).int(2, 1));
  return writer.finish();
}

const STOPPER_NODE: OnnxNode = { op: "SequenceEmpty", inputs: [], outputs: [COPY_STOPPER], attributes: {} };

function writeStopperInfo(message: ProtoWriter): void {
  message.string(1, COPY_STOPPER);
  message.message(2, (type) =>
    type.message(4, (sequence) =>
      sequence.message(1, (element) => element.message(1, (tensor) => tensor.int(1, ELEMENT_TYPE.float32))),
    ),
  );
}

function writeNode(message: ProtoWriter, node: OnnxNode): void {
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  message.string(3, node.outputs[0]!);
  message.string(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    message.message(5, (attribute) => writeAttribute(attribute, name, value));
  }
  if (CONTRIB_OPS.has(node.op)) message.string(7, CONTRIB_DOMAIN);
}

function writeAttribute(message: ProtoWriter, name: string, value: OnnxAttribute): void {
  message.string(1, name);
  if ("float" in value) message.float(2, value.float).int(20, 1);
  else if ("int" in value) message.int(3, value.int).int(20, 2);
  else if ("string" in value) message.string(4, value.string).int(20, 3);
  else {
    for (const item of value.ints) message.int(8, item);
    message.int(20, 7);
  }
}

function writeInitializer(message: ProtoWriter, { name, dtype, shape, bytes }: OnnxInitializer): void {
  for (const length of shape) message.int(1, length);
  message.int(2, ELEMENT_TYPE[dtype]).string(8, name).bytes(9, bytes);
}

function writeValueInfo(message: ProtoWriter, { name, dtype, shape }: OnnxValueInfo): void {
  message.string(1, name);
  message.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.int(1, ELEMENT_TYPE[dtype]);
      tensor.message(2, (dimensions) => {
        for (const length of shape) dimensions.message(1, (dimension) => dimension.int(1, length));
      });
    }),
  );
}
