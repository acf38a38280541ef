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

export function newRequestId(): string {
  return `req_${randomUUID()}`;
}
