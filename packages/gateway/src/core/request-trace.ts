import type { RequestReport } from "./request-report.ts";

/** A request's place in a trace, as far as the core has to do with it; see `telemetry/`. */
export interface RequestTrace {
  /** Before each attempt: the `traceparent` that its provider gets; undefined where there is none to pass on. */
  beginAttempt(): string | undefined;
  /** Set once by the core when the request is over. */
  report: RequestReport | undefined;
}
