import { randomUUID } from "node:crypto";

const MAX_LENGTH = 128;

/**
 * The client's own `x-request-id`, cut to 128 characters and freed of all that is not a letter, digit or
 * one of `._:-` (it goes into logs and headers), or a new one where nothing is left.
 */
export function toRequestId(header: string | string[] | undefined): string {
  if (header === undefined || header === "") return newRequestId();
  const given = Array.isArray(header) ? (header[0] ?? "") : header;
  const clean = given.slice(0, MAX_LENGTH).replace(/[^A-Za-z0-9._:-]/g, "");
  return clean === "" ? newRequestId() : clean;
}

/**
 * A UUID of version 7 (RFC 9562 section 5.7): its first digits are the time, so that the ledger's index of request
 * ids grows at its end instead of everywhere.
 */
export function newRequestId(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  return `req_${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
