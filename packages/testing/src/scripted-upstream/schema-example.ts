// A small value that a JSON schema allows: enough of the language for what structured output takes.

const MAX_DEPTH = 20;

/** @param word stands in for free strings. */
export function exampleOf(schema: unknown, word = "text"): unknown {
  return example(schema, schema, word, 0);
}

function example(schema: unknown, root: unknown, word: string, depth: number): unknown {
  if (depth > MAX_DEPTH) return null;
  if (typeof schema !== "object" || schema === null) return { answer: word };
  const known = schema as Record<string, unknown>;
  if ("const" in known) return known["const"];
  const { $ref, type, properties, items } = known;
  if (Array.isArray(known["enum"])) return known["enum"][0];
  if (typeof $ref === "string") return example(resolve(root, $ref), root, word, depth + 1);
  for (const union of ["anyOf", "oneOf", "allOf"]) {
    const options = known[union];
    if (Array.isArray(options)) return example(options[0], root, word, depth + 1);
  }
  switch (Array.isArray(type) ? type[0] : (type ?? (properties ? "object" : undefined))) {
    case "object": {
      const members = Object.entries((properties ?? {}) as object);
      return Object.fromEntries(
        members.map(([name, member]) => [name, example(member, root, word, depth + 1)]),
      );
    }
    case "array":
      return Array.from({ length: Math.max(1, Math.min(10, Number(known["minItems"] ?? 1))) }, () =>
        example(items, root, word, depth + 1),
      );
    case "integer":
    case "number":
      return Number(known["minimum"] ?? known["maximum"] ?? 7);
    case "boolean":
      return true;
    case "null":
      return null;
    case "string":
      return word;
    default:
      return depth === 0 ? { answer: word } : word;
  }
}

/** `#/$defs/name`. */
function resolve(root: unknown, reference: string): unknown {
  let at = root;
  for (const step of reference.replace(/^#\/?/, "").split("/")) {
    if (step === "") continue;
    at = (at as Record<string, unknown> | undefined)?.[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return at;
}
