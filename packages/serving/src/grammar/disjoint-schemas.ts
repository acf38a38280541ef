// `oneOf` demands that exactly one branch matches. A grammar can only say "at least one", which is the same
// where no value can match two: other types, other listed values, or a property that tells the branches apart.
import { listedValues, readNode, typesOf } from "./schema-nodes.ts";
import type { JsonType, SchemaNode } from "./schema-nodes.ts";

type Resolve = (reference: unknown) => unknown;

/** True when no value can match two of the branches, as far as types, listed values and tags show. */
export function areDisjoint(branches: readonly unknown[], resolve: Resolve): boolean {
  const nodes = branches.map((branch) => follow(branch, resolve));
  return nodes.every((one, index) => nodes.slice(index + 1).every((other) => isApart(one, other, resolve)));
}

function isApart(one: SchemaNode, other: SchemaNode, resolve: Resolve): boolean {
  const [left, right] = [listedOf(one), listedOf(other)];
  if (left !== undefined && right !== undefined) return left.isDisjointFrom(right);
  const [leftTypes, rightTypes] = [kindsOf(one), kindsOf(other)];
  if (leftTypes === undefined || rightTypes === undefined) return false;
  if (leftTypes.isDisjointFrom(rightTypes)) return true;
  const shared = leftTypes.intersection(rightTypes);
  return shared.size === 1 && shared.has("object") && haveTag(one, other, resolve);
}

/** A property that both require and whose listed values do not meet. */
function haveTag(one: SchemaNode, other: SchemaNode, resolve: Resolve): boolean {
  const required = new Set(namesOf(one)).intersection(new Set(namesOf(other)));
  return [...required].some((name) => {
    const [left, right] = [one, other].map((node) => {
      const property = (node["properties"] as SchemaNode | undefined)?.[name];
      return property === undefined ? undefined : listedOf(follow(property, resolve));
    });
    return left !== undefined && right !== undefined && left.isDisjointFrom(right);
  });
}

function namesOf(node: SchemaNode): readonly string[] {
  return Array.isArray(node["required"]) ? (node["required"] as string[]) : [];
}

function listedOf(node: SchemaNode): Set<string> | undefined {
  if (node["const"] === undefined && node["enum"] === undefined) return undefined;
  return new Set(listedValues(node, "oneOf").map((value) => JSON.stringify(value)));
}

function kindsOf(node: SchemaNode): Set<JsonType> | undefined {
  const listed = node["const"] !== undefined || node["enum"] !== undefined;
  const types = listed ? [] : typesOf(node, "oneOf");
  // An integer is a number.
  return types.length === 0
    ? undefined
    : new Set(types.map((type) => (type === "integer" ? "number" : type)));
}

function follow(schema: unknown, resolve: Resolve): SchemaNode {
  let node = readNode(schema, "oneOf");
  for (let hops = 0; node["$ref"] !== undefined && hops < 16; hops += 1) {
    node = readNode(resolve(node["$ref"]), String(node["$ref"]));
  }
  return node;
}
