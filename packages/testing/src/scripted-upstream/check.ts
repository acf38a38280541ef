// Strict reading of what a client sent: what a provider would refuse is refused here.
import { Refusal } from "./turn.ts";
import type { Body } from "./protocol.ts";

export function toObject(value: unknown, param: string): Body {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(`${param}: expected an object`, param);
  }
  return value as Body;
}

export function toList(value: unknown, param: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Refusal(`${param}: expected an array`, param);
  return value;
}

export function toText(value: unknown, param: string): string {
  if (typeof value !== "string") throw new Refusal(`${param}: expected a string`, param);
  return value;
}

export function optional<T>(
  value: unknown,
  param: string,
  read: (value: unknown, param: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, param);
}

export function toNumber(least: number, most: number): (value: unknown, param: string) => number {
  return (value, param) => {
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      throw new Refusal(`${param}: expected a number from ${least} to ${most}`, param);
    }
    return value;
  };
}

export function toInteger(least: number, most: number): (value: unknown, param: string) => number {
  return (value, param) => {
    const number = toNumber(least, most)(value, param);
    if (!Number.isInteger(number)) throw new Refusal(`${param}: expected an integer`, param);
    return number;
  };
}

export function toFlag(value: unknown, param: string): boolean {
  if (typeof value !== "boolean") throw new Refusal(`${param}: expected a boolean`, param);
  return value;
}

export function oneOf(...words: readonly string[]): (value: unknown, param: string) => string {
  return (value, param) => {
    if (typeof value === "string" && words.includes(value)) return value;
    throw new Refusal(`${param}: expected one of ${words.join(", ")}`, param);
  };
}

/** Members that the provider does not know; a model with `lenient` in its name takes any. */
export function refuseUnknown(body: Body, known: ReadonlySet<string>): void {
  if (typeof body["model"] === "string" && body["model"].includes("lenient")) return;
  for (const name in body) {
    if (!known.has(name)) throw new Refusal(`Unrecognized request argument supplied: ${name}`, name);
  }
}

/** `data:image/png;base64,…` or an address. */
export function describeImage(url: string, param: string): string {
  const data = /^data:([\w.+-]+\/[\w.+-]+);base64,([A-Za-z0-9+/=]+)$/.exec(url);
  if (data) return describeBytes(data[1]!, data[2]!);
  if (/^https?:\/\//.test(url)) return "url";
  throw new Refusal(`${param}: expected a base64 data URL or an http(s) URL`, param);
}

export function describeBytes(mediaType: string, base64: string): string {
  return `${mediaType} ${Buffer.from(base64, "base64").length} bytes`;
}
