// A body from bytes to a value. Depth is bounded before parsing, because what is nested a million deep
// parses well and then overflows the stack of whoever walks or prints it.
import { isUtf8 } from "node:buffer";
import { HomegrownError } from "@homegrown/contracts";
import type { RequestBytes } from "../core/model-request.ts";
import { findJsonFault } from "./json-fault.ts";
import { JsonRequestBytes } from "./json-request-bytes.ts";
import { scanJson } from "./json-scan.ts";
import type { JsonMember } from "./json-scan.ts";

/** A body as a value, and as the bytes that it came in. */
export interface JsonBody {
  value: unknown;
  bytes: RequestBytes;
}

/**
 * Throws `gateway/invalid-json` with the place of the fault, `gateway/json-too-deep`, or
 * `gateway/duplicate-member`: of two top-level members with one name this server would read one and a
 * provider perhaps the other, so that what is checked would not be what is run.
 */
export function parseJsonBody(body: Buffer, maxDepth: number): JsonBody {
  if (!isUtf8(body)) {
    throw invalidJson("The body is not valid UTF-8.", "Encode the JSON body as UTF-8.");
  }
  const { tooDeep, members } = scanJson(body, maxDepth);
  if (tooDeep) {
    throw new HomegrownError({
      code: "gateway/json-too-deep",
      kind: "invalid-input",
      message: `The body nests arrays or objects more than ${maxDepth} deep.`,
      hint: "Send a flatter body.",
    });
  }
  const text = body.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's own message quotes the body, which may hold a prompt: say where, not what.
    const { line, column, offset, expected } = findJsonFault(text);
    throw invalidJson(
      `The body is not valid JSON: expected ${expected} at line ${line}, column ${column} (offset ${offset}).`,
      "Send one JSON object as the request's body.",
    );
  }
  refuseDuplicates(members);
  return { value, bytes: new JsonRequestBytes(body, members) };
}

function refuseDuplicates(members: readonly JsonMember[]): void {
  if (new Set(members.map(({ name }) => name)).size === members.length) return;
  throw new HomegrownError({
    code: "gateway/duplicate-member",
    kind: "invalid-input",
    message: "The body's object names one of its members twice.",
    hint: "Give each member once.",
  });
}

function invalidJson(message: string, hint: string): HomegrownError {
  return new HomegrownError({ code: "gateway/invalid-json", kind: "invalid-input", message, hint });
}
