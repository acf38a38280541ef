// A body from bytes to a value. Depth is bounded before parsing, because what is nested a million deep
// parses well and then overflows the stack of whoever walks or prints it.
import { isUtf8 } from "node:buffer";
import { HomegrownError } from "@homegrown/contracts";
import { findJsonFault } from "./json-fault.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Throws `gateway/invalid-json` with the place of the fault, or `gateway/json-too-deep`. */
export function parseJsonBody(body: Buffer, maxDepth: number): unknown {
  if (!isUtf8(body)) {
    throw invalidJson("The body is not valid UTF-8.", "Encode the JSON body as UTF-8.");
  }
  if (exceedsDepth(body, maxDepth)) {
    throw new HomegrownError({
      code: "gateway/json-too-deep",
      kind: "invalid-input",
      message: `The body nests arrays or objects more than ${maxDepth} deep.`,
      hint: "Send a flatter body.",
    });
  }
  const text = body.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own message quotes the body, which may hold a prompt: say where, not what.
    const { line, column, offset, expected } = findJsonFault(text);
    throw invalidJson(
      `The body is not valid JSON: expected ${expected} at line ${line}, column ${column} (offset ${offset}).`,
      "Send one JSON object as the request's body.",
    );
  }
}

/** Counts brackets outside strings; strings, most of a body, are skipped by native search. */
function exceedsDepth(body: Buffer, maxDepth: number): boolean {
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (byte === QUOTE) {
      i = endOfString(body, i);
      if (i < 0) return false;
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
    }
  }
  return false;
}

/** Index of the quote that closes the string opened at `start`, -1 when there is none. */
function endOfString(body: Buffer, start: number): number {
  for (let end = body.indexOf(QUOTE, start + 1); end >= 0; end = body.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (body[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

function invalidJson(message: string, hint: string): HomegrownError {
  return new HomegrownError({ code: "gateway/invalid-json", kind: "invalid-input", message, hint });
}
