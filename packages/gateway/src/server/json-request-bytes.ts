import type { RequestBytes } from "../core/model-request.ts";
import type { JsonMember } from "./json-scan.ts";

const NO_HEADERS: Readonly<Record<string, string>> = {};

/** A JSON body whose single top-level members can be changed; everything else keeps its bytes. */
export class JsonRequestBytes implements RequestBytes {
  readonly raw: Buffer;
  readonly contentType = "application/json";
  readonly headers: Readonly<Record<string, string>>;
  readonly #members: readonly JsonMember[];

  constructor(raw: Buffer, members: readonly JsonMember[], headers = NO_HEADERS) {
    this.raw = raw;
    this.#members = members;
    this.headers = headers;
  }

  withHeaders(headers: Readonly<Record<string, string>>): JsonRequestBytes {
    return new JsonRequestBytes(this.raw, this.#members, headers);
  }

  edit(changes: Readonly<Record<string, unknown>>): Buffer {
    const parts: (Buffer | string)[] = [];
    const added = Object.entries(changes).filter(
      ([name, value]) => value !== undefined && !this.#members.some((member) => member.name === name),
    );
    // Names are the client's: `constructor` is one, and no member of `changes`.
    const isChanged = (name: string): boolean => Object.hasOwn(changes, name);
    const kept = this.#members.filter(({ name }) => !(isChanged(name) && changes[name] === undefined));
    // Whitespace between members goes only where a member does.
    const removes = kept.length < this.#members.length;
    let at = removes ? -1 : 0;
    parts.push(removes ? "{" : "");
    for (const [index, member] of kept.entries()) {
      const { name, start, valueStart, end } = member;
      if (removes) {
        if (index > 0) parts.push(",");
        at = start;
      }
      if (isChanged(name)) {
        parts.push(this.raw.subarray(at, valueStart), JSON.stringify(changes[name]));
        at = end;
      }
      if (removes) parts.push(this.raw.subarray(at, end));
    }
    const addition = added
      .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      .join(",");
    if (removes) {
      if (addition !== "") parts.push(kept.length > 0 ? "," : "", addition);
      parts.push("}");
    } else {
      // New members go before the brace that closes the object.
      const last = this.#members.at(-1);
      const end = last === undefined ? this.raw.indexOf("{") + 1 : last.end;
      if (addition !== "") {
        parts.push(this.raw.subarray(at, end), last === undefined ? addition : `,${addition}`);
        at = end;
      }
      parts.push(this.raw.subarray(at));
    }
    return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  }
}
