import { HomegrownError } from "@homegrown/contracts";
import type { Front, Protocol } from "./front.ts";

export interface Route {
  front: Front;
  protocol: Protocol;
  parameter: string;
}

/** Finds the front for a method and a path. */
export class Router {
  readonly #literal = new Map<string, { protocol: Protocol; byMethod: Map<string, Front> }>();
  readonly #prefixes: { prefix: string; protocol: Protocol; byMethod: Map<string, Front> }[] = [];

  constructor(protocols: readonly Protocol[]) {
    for (const protocol of protocols) {
      for (const front of protocol.fronts) this.#add(protocol, front);
    }
  }

  #add(protocol: Protocol, front: Front): void {
    const brace = front.path.indexOf("{");
    const key = brace < 0 ? front.path : front.path.slice(0, brace);
    let entry =
      brace < 0 ? this.#literal.get(key) : this.#prefixes.find((candidate) => candidate.prefix === key);
    if (!entry) {
      entry = { protocol, byMethod: new Map() };
      if (brace < 0) this.#literal.set(key, entry);
      else this.#prefixes.push({ prefix: key, ...entry });
    }
    entry.byMethod.set(front.method, front);
  }

  /** Throws `gateway/unknown-route` or `gateway/method-not-allowed` (details: the methods that are). */
  find(method: string, url: string): Route {
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    const literal = this.#literal.get(path);
    if (literal) return { ...choose(literal, method), parameter: "" };
    const pattern = this.#prefixes.find(
      ({ prefix }) => path.length > prefix.length && path.startsWith(prefix),
    );
    if (pattern) {
      return { ...choose(pattern, method), parameter: decode(path.slice(pattern.prefix.length)) };
    }
    throw unknownRoute();
  }
}

function choose(
  entry: { protocol: Protocol; byMethod: Map<string, Front> },
  method: string,
): Pick<Route, "front" | "protocol"> {
  const front = entry.byMethod.get(method === "HEAD" ? "GET" : method);
  if (front) return { front, protocol: entry.protocol };
  const allow = [...entry.byMethod.keys()].join(", ");
  throw new HomegrownError({
    code: "gateway/method-not-allowed",
    kind: "invalid-input",
    message: `This path does not answer the method that was used; it answers ${allow}.`,
    hint: `Use ${allow}.`,
    details: { allow },
  });
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw unknownRoute();
  }
}

function unknownRoute(): HomegrownError {
  return new HomegrownError({
    code: "gateway/unknown-route",
    kind: "not-found",
    message: "There is nothing at this path.",
    hint: "OpenAI clients take the server's address with /v1 at its end as their base URL.",
  });
}
