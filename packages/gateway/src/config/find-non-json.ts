// What JSON would drop or change without a word: a configuration that holds it would not mean what it says.

const MAX_DEPTH = 50;

export interface NonJson {
  path: (string | number)[];
  found: string;
}

/** The first such value; members that are undefined are left out as TypeScript's optional members are. */
export function findNonJson(value: unknown, path: (string | number)[] = []): NonJson | undefined {
  const found = nameNonJson(value, path.length);
  if (found !== undefined) return { path, found };
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [name, inner] of entries) {
    if (inner === undefined && !Array.isArray(value)) continue;
    const fault = findNonJson(inner, [...path, name]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function nameNonJson(value: unknown, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return "a structure that is nested too deep, or holds itself";
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "a number that is not finite";
  if (value === undefined) return "undefined";
  if (typeof value !== "object") return `a ${typeof value}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null) return undefined;
  return `an object of the class ${value.constructor?.name ?? "?"}`;
}
