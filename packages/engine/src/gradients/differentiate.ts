// Reverse-mode differentiation: one walk from the loss back over the nodes, each op's rule giving the share
// of its inputs, shares added where a value was used more than once. The result is more nodes in the same
// graph; nothing here knows any op but `gemm`, whose C input takes a sum for free.
import { HomegrownError } from "@homegrown/contracts";
import type { Graph } from "../graph/graph.ts";
import type { Node, Tensor } from "../graph/tensor.ts";
import { GRADIENT_RULES } from "../ops/tables.ts";
import type { OpName } from "../ops/signatures.ts";

/**
 * dloss/dx for each x in `wrt` (default: every parameter) that the loss depends on. `loss` is a scalar.
 * Throws `engine/not-differentiable` when the way back leads through an op without a gradient.
 */
export function differentiate(graph: Graph, loss: Tensor, wrt?: Iterable<Tensor>): Map<Tensor, Tensor> {
  const wanted = new Set(wrt ?? [...graph.parameters.values()].map(({ tensor }) => tensor));
  const forward = [...graph.nodes];
  const leadsToWanted = new Set(wanted);
  for (const { inputs, outputs } of forward) {
    if ((inputs as readonly Tensor[]).some((input) => leadsToWanted.has(input))) {
      for (const output of outputs) leadsToWanted.add(output);
    }
  }
  const gradients = new Map<Tensor, Tensor>();
  gradients.set(loss, graph.apply("fill", [], { value: 1, shape: loss.shape }));
  for (const node of forward.toReversed()) {
    const gradient = gradients.get(node.outputs[0]!);
    if (gradient === undefined || !leadsToWanted.has(node.outputs[0]!)) continue;
    const fresh = graph.nodes.length;
    const shares = sharesOf(graph, node, gradient);
    (node.inputs as readonly Tensor[]).forEach((input, i) => {
      const share = shares[i];
      if (share === undefined || !leadsToWanted.has(input)) return;
      const sum = gradients.get(input);
      gradients.set(input, sum === undefined ? share : addShare(graph, sum, share, fresh));
    });
  }
  return new Map([...wanted].flatMap((x) => (gradients.has(x) ? [[x, gradients.get(x)!]] : [])));
}

function sharesOf<Op extends OpName>(
  graph: Graph,
  node: Node<Op>,
  gradient: Tensor,
): readonly (Tensor | undefined)[] {
  const rule = GRADIENT_RULES[node.op];
  if (typeof rule === "function") return rule(graph, node, gradient);
  throw new HomegrownError({
    code: "engine/not-differentiable",
    kind: "internal",
    message: `'${node.op}' has no gradient: ${rule.never}`,
    hint: "Take the gradient of a loss that does not use this operation.",
  });
}

/** sum + share, where a product that this rule has just made, and nothing else uses, takes the sum as its C. */
function addShare(graph: Graph, sum: Tensor, share: Tensor, fresh: number): Tensor {
  const made = graph.nodes.slice(fresh);
  const isFresh = made.some(({ outputs }) => outputs.includes(share));
  const isUsed = made.some(({ inputs }) => (inputs as readonly Tensor[]).includes(share));
  return isFresh && !isUsed ? addTerm(graph, sum, share) : graph.apply("add", [sum, share], {});
}

/**
 * sum + term. A term that is a product is made again with the sum as its C, which costs no pass of its own;
 * its first form is then dead and never lowered.
 */
export function addTerm(graph: Graph, sum: Tensor, term: Tensor): Tensor {
  const producer = graph.producerOf(term);
  if (producer?.op === "gemm" && producer.inputs.length === 2) {
    const { inputs, attributes } = producer as unknown as Node<"gemm">;
    return graph.apply("gemm", [inputs[0], inputs[1], sum], attributes);
  }
  return graph.apply("add", [sum, term], {});
}
