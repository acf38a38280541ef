import { HomegrownError } from "@homegrown/contracts";

/** A keyword that the grammar cannot enforce: refused, because leaving it out would change the meaning. */
export function unsupportedKeyword(keyword: string, path: string, why: string): HomegrownError {
  return new HomegrownError({
    code: "serving/unsupported-schema",
    kind: "invalid-input",
    message: `the JSON schema's ${keyword} at ${path} is not supported: ${why}`,
    hint: `Leave out ${keyword} and check the answer for it, or describe it in the prompt.`,
    details: { keyword, path },
  });
}

export function invalidSchema(path: string, what: string): HomegrownError {
  return new HomegrownError({
    code: "serving/invalid-schema",
    kind: "invalid-input",
    message: `the JSON schema is not valid at ${path}: ${what}`,
    hint: "Correct the schema; it follows JSON Schema, as in OpenAI's response_format.",
    details: { path },
  });
}
