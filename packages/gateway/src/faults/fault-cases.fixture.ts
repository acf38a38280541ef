// What each fault of the scripted upstream must become, whole and streamed.

export type Expected =
  | { kind: "answered"; tolerated?: undefined }
  /** An error answer; nothing was charged. */
  | {
      kind: "refused";
      /** `gateway/upstream-…`; what passes through and what is translated may see a fault differently. */
      codes: readonly string[];
      openAi: number;
      anthropic: number;
      retryAfter: string | undefined;
      /** Another target may be asked. */
      fallsBack: boolean;
      /** Translation may make sense of it. */
      tolerated: boolean;
    }
  /** A good head, some of the answer, and the protocol's error event; charged by our count. */
  | { kind: "broken"; codes: readonly string[]; tolerated: boolean };

export interface FaultCase {
  whole: Expected;
  streamed: Expected;
}

const ANSWERED: Expected = { kind: "answered" };

interface Refused {
  anthropic?: number;
  retryAfter?: string | undefined;
  fallsBack?: boolean;
  tolerated?: boolean;
}

function refused(openAi: number, codes: string, more: Refused = {}): Expected {
  return {
    kind: "refused",
    codes: codes.split(" "),
    openAi,
    anthropic: more.anthropic ?? openAi,
    retryAfter: "retryAfter" in more ? more.retryAfter : "1",
    fallsBack: more.fallsBack ?? true,
    tolerated: more.tolerated ?? false,
  };
}

function broken(codes: string, tolerated = false): Expected {
  return { kind: "broken", codes: codes.split(" "), tolerated };
}

function both(expected: Expected): FaultCase {
  return { whole: expected, streamed: expected };
}

export const FAULT_CASES: Readonly<Record<string, FaultCase>> = {
  "reset-before-head": both(refused(502, "reset")),
  "close-before-head": both(refused(502, "reset")),
  "hang-before-head": both(refused(504, "first-token-timeout")),
  "hang-after-head": both(refused(504, "first-token-timeout")),
  "hang-mid-stream": { whole: refused(504, "stalled first-token-timeout"), streamed: broken("stalled") },
  "reset-mid-stream": { whole: refused(502, "cut-short reset"), streamed: broken("cut-short reset") },
  "close-mid-stream": { whole: refused(502, "cut-short reset"), streamed: broken("cut-short reset") },
  "end-mid-stream": { whole: refused(502, "malformed"), streamed: broken("cut-short malformed") },
  "half-event": { whole: refused(502, "malformed"), streamed: broken("cut-short malformed") },
  "error-mid-stream": { whole: refused(502, "malformed"), streamed: broken("overloaded server-error") },
  "junk-10mb": {
    whole: refused(502, "malformed first-token-timeout stalled"),
    streamed: refused(502, "malformed cut-short first-token-timeout"),
  },
  "long-line-10mb": {
    whole: refused(502, "malformed first-token-timeout stalled"),
    streamed: refused(502, "too-large malformed cut-short first-token-timeout"),
  },
  "bad-utf8": { whole: refused(502, "malformed", { tolerated: true }), streamed: broken("malformed", true) },
  "byte-per-chunk": both(ANSWERED),
  html: both(refused(502, "malformed")),
  "html-502": both(refused(502, "server-error")),
  "wrong-type": both(refused(502, "malformed", { tolerated: true })),
  redirect: both(refused(502, "redirect")),
  empty: { whole: refused(502, "malformed"), streamed: refused(502, "malformed cut-short") },
  "long-head": both(refused(502, "malformed")),
  "no-http": both(refused(502, "malformed")),
  "400": both(refused(400, "rejected", { retryAfter: undefined, fallsBack: false })),
  "401": both(refused(502, "unauthenticated")),
  "404": both(refused(502, "not-found")),
  "408": both(refused(504, "first-token-timeout")),
  "429": both(refused(429, "rate-limited")),
  "429-retry-after-7": both(refused(429, "rate-limited", { retryAfter: "7" })),
  "500": both(refused(502, "server-error")),
  "503-retry-after-2": both(refused(503, "overloaded", { anthropic: 529, retryAfter: "2" })),
  "529": both(refused(503, "overloaded", { anthropic: 529 })),
  "529-retry-after-7": both(refused(503, "overloaded", { anthropic: 529, retryAfter: "7" })),
};
