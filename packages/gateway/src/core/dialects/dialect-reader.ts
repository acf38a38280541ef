// What the gateway must see of an answer that passes through: how many tokens it cost, whether it is whole,
// and whether it is an error in disguise. One implementation for each dialect, in the files beside this one.
import type { TokenUsage } from "../token-usage.ts";

export interface DialectReader {
  /** What a whole answer reports; undefined where it reports nothing. */
  usageOf(answer: unknown): TokenUsage | undefined;
  /** What the client's body tells of the cost, where the answer cannot. */
  usageOfRequest?(body: Readonly<Record<string, unknown>>): Partial<TokenUsage>;
  /** The visible text of a whole answer, in bytes, for an estimate where it reports nothing. */
  textBytesOf(answer: unknown): number;
  /** Whether a whole answer has the shape of one; a 200 may hold an error, or something else entirely. */
  isAnswer(answer: unknown): boolean;
  /** Reads the events of one streamed answer; undefined where the dialect does not stream. */
  createStreamReader?: (() => StreamReader) | undefined;
  /** Top-level members to set so that a stream reports its usage, given the client's body. */
  askForUsage?(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined;
  /** The member that caps the output, given the client's body. */
  outputLimitMember?(body: Readonly<Record<string, unknown>>): string;
}

/** What one event of a stream is to the gateway. */
export type EventVerdict =
  /** Goes to the client. */
  | "pass"
  /** Was asked for by the gateway alone: the client does not see it. */
  | "hide"
  /** Nothing yet: a comment, which does not show that the provider answers. */
  | "idle"
  /** The provider's error event. */
  | "error";

export interface StreamReader {
  /** One whole event with the blank line that ends it. */
  read(event: Buffer): EventVerdict;
  readonly usage: TokenUsage | undefined;
  /** Bytes of text, reasoning and arguments seen so far. */
  readonly textBytes: number;
  /** The protocol's own end was seen. */
  readonly isComplete: boolean;
  /** What the provider's error event said. */
  readonly error: { message: string; type?: string; code?: string } | undefined;
  /** The whole answer, where one event carries it. */
  readonly answer?: unknown;
}
