import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { HomegrownError } from "@homegrown/contracts";

/**
 * The whole body, at most `maxBytes`. A larger one is refused as soon as that is known: from its declared
 * length before a byte is read (`onAccepted` is not called then), else at the byte that is too many.
 * Throws `gateway/body-too-large` or `gateway/client-left`.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  onAccepted: () => void,
): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  onAccepted();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) fail(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const onEnd = (): void => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length));
    const fail = (error: HomegrownError): void => {
      chunks.length = 0;
      request.off("data", onData).off("end", onEnd);
      reject(error);
    };
    request.on("data", onData).once("end", onEnd);
    request.once("close", () => {
      if (!request.complete) fail(clientLeft());
    });
  });
}

/** Throws `gateway/unsupported-media-type` for what is not JSON in plain UTF-8. */
export function checkJson(headers: IncomingHttpHeaders): void {
  const type = headers["content-type"];
  // What nearly every client sends.
  if (type === "application/json" && headers["content-encoding"] === undefined) return;
  const [essence = "", ...parameters] = (type ?? "").toLowerCase().split(";");
  const charset = parameters.find((parameter) => parameter.trim().startsWith("charset="));
  const isJson = /^\s*application\/(?:json|[\w.-]+\+json)\s*$/.test(essence);
  const isPlainUtf8 = charset === undefined || /^\s*charset="?utf-?8"?\s*$/.test(charset);
  const encoding = headers["content-encoding"] ?? "identity";
  if (isJson && isPlainUtf8 && encoding === "identity") return;
  throw unsupportedMediaType(
    isJson
      ? "The body is compressed, or in a character set other than UTF-8."
      : `The body must be JSON, but its Content-Type is ${type === undefined ? "missing" : "another"}.`,
    "Send 'content-type: application/json' and plain UTF-8.",
  );
}

/** Returns the whole Content-Type; throws `gateway/unsupported-media-type`. */
export function checkMediaType(headers: IncomingHttpHeaders, accept: RegExp): string {
  const type = headers["content-type"] ?? "";
  if (accept.test(type) && (headers["content-encoding"] ?? "identity") === "identity") return type;
  throw unsupportedMediaType(
    `The body's Content-Type is ${type === "" ? "missing" : "another"} than this endpoint reads.`,
    "Send what the endpoint's documentation names, not compressed.",
  );
}

function unsupportedMediaType(message: string, hint: string): HomegrownError {
  return new HomegrownError({ code: "gateway/unsupported-media-type", kind: "invalid-input", message, hint });
}

function tooLarge(maxBytes: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/body-too-large",
    kind: "too-large",
    message: `The body is larger than the ${maxBytes} bytes that this server reads.`,
    hint: "Send a smaller request, or raise the server's maxBodyBytes.",
  });
}

export function clientLeft(): HomegrownError {
  return new HomegrownError({
    code: "gateway/client-left",
    kind: "cancelled",
    message: "The client closed the connection before the answer was complete.",
    hint: "Nothing to do: the work was stopped.",
  });
}
