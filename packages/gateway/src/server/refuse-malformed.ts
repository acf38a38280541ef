import type { Socket } from "node:net";
import { HomegrownError } from "@homegrown/contracts";
import type { Protocol } from "./front.ts";
import { newRequestId } from "./request-id.ts";

/**
 * Answers what never became a request: bytes that are not HTTP, a header that is too large, a client that
 * took too long to send. There is no response object yet, so the answer is written by hand.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket, protocol: Protocol): void {
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    // Gone, or in the middle of an answer: there is no place left for another one.
    socket.destroy();
    return;
  }
  const requestId = newRequestId();
  const { status, body } = protocol.renderError(toRefusal(error.code), requestId);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${requestId}\r\nconnection: close\r\n\r\n${body}`,
  );
  socket.once("finish", () => socket.destroy());
}

function toRefusal(code: string | undefined): HomegrownError {
  if (code === "HPE_HEADER_OVERFLOW") {
    return new HomegrownError({
      code: "gateway/header-too-large",
      kind: "too-large",
      message: "The request's header is larger than 16 KiB.",
      hint: "Send fewer or shorter headers.",
    });
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new HomegrownError({
      code: "gateway/request-timeout",
      kind: "invalid-input",
      message: "The request was not complete in time.",
      hint: "Send the whole request without pauses.",
    });
  }
  return new HomegrownError({
    code: "gateway/malformed-request",
    kind: "invalid-input",
    message: "What was sent is not an HTTP/1.1 request.",
    hint: "Use plain HTTP (not HTTPS) and an HTTP/1.1 client.",
  });
}
