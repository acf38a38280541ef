// What happens below the protocol, in the gateway's words. Codes are Node's and undici's.
import type { UpstreamFault } from "../core/upstream-errors.ts";

/** The wire failed, or what came cannot be an answer. Its message holds nothing of the request. */
export class TransportFault extends Error {
  readonly fault: UpstreamFault;
  constructor(fault: UpstreamFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TransportFault";
    this.fault = fault;
  }
}

const FAULT_OF_CODE: Readonly<Record<string, readonly [UpstreamFault, string]>> = {
  ECONNREFUSED: ["refused", "the connection was refused"],
  ENOTFOUND: ["refused", "the host's name is not known"],
  EAI_AGAIN: ["refused", "the host's name could not be resolved"],
  EHOSTUNREACH: ["refused", "the host cannot be reached"],
  ENETUNREACH: ["refused", "the network cannot be reached"],
  EADDRNOTAVAIL: ["refused", "no local address is left to connect from"],
  ETIMEDOUT: ["connect-timeout", "the connection was not established in time"],
  UND_ERR_CONNECT_TIMEOUT: ["connect-timeout", "the connection was not established in time"],
  UND_ERR_HEADERS_TIMEOUT: ["first-token-timeout", "no answer began in time"],
  UND_ERR_BODY_TIMEOUT: ["stalled", "the answer stopped coming"],
  ECONNRESET: ["reset", "the connection was reset"],
  EPIPE: ["reset", "the connection was closed"],
  UND_ERR_SOCKET: ["reset", "the connection was closed"],
  UND_ERR_HEADERS_OVERFLOW: ["malformed", "the answer's headers are too large"],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["cut-short", "the answer is shorter than announced"],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ["too-large", "the answer is too large"],
};

/** The innermost known reason of an error, followed through its causes; undefined for anything else. */
export function toTransportFault(error: unknown): TransportFault | undefined {
  let current = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth++) {
    if (current instanceof TransportFault) return current;
    const code = (current as { code?: unknown }).code;
    if (typeof code === "string") {
      const known = Object.hasOwn(FAULT_OF_CODE, code) ? FAULT_OF_CODE[code] : undefined;
      if (known !== undefined) return new TransportFault(known[0], known[1], current);
      if (code.startsWith("HPE_")) return new TransportFault("malformed", "the answer is not HTTP", current);
      if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code)) {
        return new TransportFault("refused", "no trusted TLS connection could be made", current);
      }
    }
    current = current.cause;
  }
  return undefined;
}
