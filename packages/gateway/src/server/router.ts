import type { IncomingHttpHeaders } from "node:http";
import { HomegrownError } from "@homegrown/contracts";
import type { Front, Protocol } from "./front.ts";

export interface Route {
  front: Front;
  protocol: Protocol;
  parameter: string;
}

type Entry = Pick<Route, "front" | "protocol">;
/** By method; several protocols may share a path. */
type Entries = Map<string, Entry[]>;

/** Finds the front for a method and a path; where protocols share one, the request's headers decide. */
export class Router {
  readonly #literal = new Map<string, Entries>();
  readonly #prefixes = new Map<string, Entries>();

  constructor(protocols: readonly Protocol[]) {
    for (const protocol of protocols) {
      for (const front of protocol.fronts) this.#add({ protocol, front });
    }
  }

  #add(entry: Entry): void {
    const { path, method } = entry.front;
    const brace = path.indexOf("{");
    const table = brace < 0 ? this.#literal : this.#prefixes;
    const key = brace < 0 ? path : path.slice(0, brace);
    const entries: Entries = table.get(key) ?? new Map<string, Entry[]>();
    table.set(key, entries);
    entries.set(method, [...(entries.get(method) ?? []), entry]);
  }

  /** Throws `gateway/unknown-route` or `gateway/method-not-allowed` (details: the methods that are). */
  find(method: string, url: string, headers: IncomingHttpHeaders): Route {
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    const literal = this.#literal.get(path);
    if (literal) return { ...choose(literal, method, headers), parameter: "" };
    for (const [prefix, entries] of this.#prefixes) {
      if (path.length > prefix.length && path.startsWith(prefix)) {
        return { ...choose(entries, method, headers), parameter: decode(path.slice(prefix.length)) };
      }
    }
    throw unknownRoute();
  }
}

function choose(entries: Entries, method: string, headers: IncomingHttpHeaders): Entry {
  const candidates = entries.get(method === "HEAD" ? "GET" : method);
  if (candidates) {
    return (
      candidates.find(({ protocol }) => candidates.length > 1 && protocol.recognises?.(headers)) ??
      candidates[0]!
    );
  }
  const allow = [...entries.keys()].join(", ");
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
    hint: "OpenAI clients take the server's address with /v1 at its end as their base URL, Anthropic clients without it.",
  });
}
