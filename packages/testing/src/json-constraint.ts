// A grammar as a coroutine: it yields which bytes may come next and is told which one came. Enough of JSON
// Schema to hold a model to a small object: object, array, string, integer, number, boolean, null, enum, const.

type Schema = Readonly<Record<string, unknown>>;
export type JsonConstraint = Generator<ReadonlySet<number>, void, number>;

const MAX_STRING_BYTES = 24;
const MAX_DIGITS = 6;
const MAX_ITEMS = 3;
const DIGITS = new Set(Buffer.from("0123456789"));
const NONZERO_DIGITS = new Set(Buffer.from("123456789"));
const QUOTE = 0x22;
/** Printable ASCII that needs no escape. */
const STRING_BYTES = new Set(
  Array.from({ length: 0x5f }, (_, i) => 0x20 + i).filter((byte) => byte !== QUOTE && byte !== 0x5c),
);
const STRING_BYTES_OR_END = new Set([...STRING_BYTES, QUOTE]);

/** Without a schema: any flat object of one string, which is all that `json_object` promises. */
export function constrainToJson(schema: Schema | undefined): JsonConstraint {
  return value(schema ?? { type: "object", properties: { text: { type: "string" } } });
}

function* value(given: Schema): JsonConstraint {
  // Clients send whatever they like where a schema should stand.
  const schema = typeof given === "object" && given !== null ? given : {};
  if ("const" in schema) return yield* literal(JSON.stringify(schema["const"]));
  if (Array.isArray(schema["enum"])) return yield* oneOf(schema["enum"].map((item) => JSON.stringify(item)));
  switch (schema["type"]) {
    case "object":
      return yield* object((schema["properties"] ?? {}) as Record<string, Schema>);
    case "array":
      return yield* array((schema["items"] ?? { type: "string" }) as Schema);
    case "integer":
    case "number":
      return yield* integer();
    case "boolean":
      return yield* oneOf(["true", "false"]);
    case "null":
      return yield* literal("null");
    default:
      return yield* string();
  }
}

function* literal(text: string): JsonConstraint {
  for (const byte of Buffer.from(text)) yield new Set([byte]);
}

/** One of several texts of which none is the beginning of another. */
function* oneOf(texts: readonly string[]): JsonConstraint {
  let left = texts.map((text) => Buffer.from(text));
  for (let at = 0; left.some((text) => text.length > at); at++) {
    const byte: number = yield new Set(left.map((text) => text[at]!));
    left = left.filter((text) => text[at] === byte);
  }
}

function* object(properties: Record<string, Schema>): JsonConstraint {
  yield* literal("{");
  for (const [index, [name, schema]] of Object.entries(properties).entries()) {
    yield* literal(`${index > 0 ? "," : ""}${JSON.stringify(name)}:`);
    yield* value(schema);
  }
  yield* literal("}");
}

function* array(items: Schema): JsonConstraint {
  yield* literal("[");
  for (let count = 1; ; count++) {
    yield* value(items);
    const next: number = yield new Set(Buffer.from(count < MAX_ITEMS ? ",]" : "]"));
    if (next === 0x5d) return;
  }
}

function* string(): JsonConstraint {
  yield* literal('"');
  for (let length = 0; length < MAX_STRING_BYTES; length++) {
    const byte: number = yield STRING_BYTES_OR_END;
    if (byte === QUOTE) return;
  }
  yield* literal('"');
}

/** The end of a number shows only in what follows it, so its length is fixed by its first digit. */
function* integer(): JsonConstraint {
  const first: number = yield NONZERO_DIGITS;
  const numDigits = 1 + ((first - 0x30) % MAX_DIGITS);
  for (let digit = 1; digit < numDigits; digit++) yield DIGITS;
}
