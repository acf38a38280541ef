import { HomegrownError } from "@homegrown/contracts";

/** What is wrong with a field; OpenAI's machine-readable `code` follows from it. */
export type Fault = "missing" | "type" | "value" | "unsupported";

/** A request that says something this server cannot do; `param` names the field as OpenAI writes paths. */
export function invalidRequest(param: string, fault: Fault, message: string, hint: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/invalid-request",
    kind: "invalid-input",
    message,
    hint,
    details: { param, fault },
  });
}
