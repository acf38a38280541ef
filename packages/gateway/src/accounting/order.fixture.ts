// What a client of these tests wants its provider to do, written into the prompt: so it reaches the provider over
// passthrough and translation alike, and the two accounts can be compared request by request.
export interface Order {
  /** Names the request in the client's, the ledger's and the provider's account. */
  id: string;
  /** Tokens of the answer, unless the provider is told a lower limit. */
  output: number;
  /** Before the answer begins. */
  delayMs?: number;
  /** Between two tokens of a stream. */
  gapMs?: number;
  fault?: Fault;
  /** How many attempts of this id meet the fault; default all. */
  numFaults?: number;
}

export const FAULTS = ["500", "429", "reset", "hang", "half"] as const;
export type Fault = (typeof FAULTS)[number];

/** Of the provider's models, whatever they are asked for. */
export const MAX_OUTPUT_TOKENS = 100;

const MARK = "order:";

export function toPrompt(order: Order, padding = ""): string {
  return `${padding}${MARK}${JSON.stringify(order)}`;
}

export function fromPrompt(text: string): Order {
  const at = text.lastIndexOf(MARK);
  if (at < 0) throw new Error(`no order in a prompt of ${text.length} characters`);
  return JSON.parse(text.slice(at + MARK.length)) as Order;
}

/** Longer than the four bytes of our own rule of thumb, so that an estimate by bytes is higher than the truth. */
export const TOKEN_TEXT = "syllables ";

/** What the provider says it read: neither our bound (bytes) nor our estimate (a quarter of them). */
export function inputTokensOf(prompt: string): number {
  return Math.ceil(prompt.length / 3);
}

export function cachedTokensOf(prompt: string): number {
  return Math.floor(inputTokensOf(prompt) / 4);
}

export interface PriceInUsdPerMillion {
  input: number;
  cacheRead: number;
  output: number;
}

/** Nano-dollars, by nothing but multiplication: the referee of the ledger's column. */
export function priceOf(
  price: PriceInUsdPerMillion,
  { input, cached, output }: { input: number; cached: number; output: number },
): number {
  return Math.round(
    (input - cached) * price.input * 1000 + cached * price.cacheRead * 1000 + output * price.output * 1000,
  );
}
