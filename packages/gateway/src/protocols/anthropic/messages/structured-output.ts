import type { ChatCall } from "@homegrown/contracts";
import { isBlock, isObject, objectField } from "../block-fields.ts";
import { inexpressible } from "../parse-request.ts";
import type { PromptBody } from "./body-schema.ts";

type ResponseFormat = NonNullable<ChatCall["responseFormat"]>;

/** The JSON schema that an answer must follow: `output_config.format`, `output_format` before that existed. */
export function toResponseFormat(body: PromptBody): ResponseFormat | undefined {
  const [format, at] = body.output_config?.format
    ? [body.output_config.format, "output_config.format"]
    : [body.output_format, "output_format"];
  if (!isBlock(format)) return undefined;
  if (format.type !== "json_schema") throw inexpressible(`${at}.type`, "an output format of this type");
  return { type: "json", schema: objectField(format, "schema", at) };
}

/**
 * Whether OpenAI's strict mode takes a schema: there every object closes itself and requires all it names.
 * Anthropic also takes optional properties.
 */
export function isClosedSchema(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isClosedSchema);
  if (!isObject(schema)) return true;
  const { properties, required } = schema;
  if (isObject(properties)) {
    const names = Object.keys(properties);
    if (schema["additionalProperties"] !== false) return false;
    if (!Array.isArray(required) || !names.every((name) => required.includes(name))) return false;
    if (!Object.values(properties).every(isClosedSchema)) return false;
  } else if (schema["type"] === "object") {
    return false;
  }
  return ["items", "anyOf", "$defs", "definitions"].every((name) => {
    const inner = schema[name];
    return isObject(inner) && name !== "items"
      ? Object.values(inner).every(isClosedSchema)
      : isClosedSchema(inner);
  });
}
