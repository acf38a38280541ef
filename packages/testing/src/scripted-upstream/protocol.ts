import type { IncomingHttpHeaders } from "node:http";
import type { Reply, Turn } from "./turn.ts";

export type Body = Readonly<Record<string, unknown>>;

/** One of the protocols that the scripted upstream speaks. */
export interface ScriptedProtocol {
  readonly name: string;
  readonly path: string;
  /** Checks the request as the provider would and says what it means. Throws `Refusal`. */
  read(body: Body, headers: IncomingHttpHeaders): Turn;
  numChoices(body: Body): number;
  whole(answer: AnswerFacts): object;
  /** Undefined where the protocol does not stream. */
  events: ((answer: AnswerFacts) => WireEvent[]) | undefined;
  error(failure: WireError): object;
  errorEvent(failure: WireError): string;
}

export interface AnswerFacts {
  /** Unique in this process, without a prefix. */
  id: string;
  body: Body;
  turn: Turn;
  /** One for each choice. */
  replies: readonly Reply[];
  /** Of all choices; undefined where the script says that none is told. */
  usage: Reply["usage"] | undefined;
}

export interface WireError {
  status: number;
  message: string;
  param?: string | undefined;
}

export interface WireEvent {
  /** The whole event, its blank line included. */
  text: string;
  /** Output tokens that were made for it. */
  tokens: number;
}

/** OpenAI's and Anthropic's names for a status. */
export function errorTypeOf(status: number, family: "openai" | "anthropic"): string {
  if (family === "openai") {
    if (status === 401 || status === 403) return "authentication_error";
    if (status === 429) return "rate_limit_error";
    return status >= 500 ? "server_error" : "invalid_request_error";
  }
  const names: Record<number, string> = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
  };
  return names[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}
