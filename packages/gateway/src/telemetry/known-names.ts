// Which names that clients wrote may stand in metrics. A client can make up as many as it likes, so a name
// counts once it was configured, or once a request to it was answered, and then only so many.
import type { RequestReport } from "../core/request-report.ts";

/** In place of names that nobody vouches for. */
export const OTHER = "_other";

const MAX_PROVEN = 500;

export class KnownNames {
  readonly #isConfigured: (alias: string) => boolean;
  readonly #proven = new Set<string>();

  /** @param isConfigured asked for each request, so it must be cheap. */
  constructor(isConfigured: (alias: string) => boolean) {
    this.#isConfigured = isConfigured;
  }

  has(alias: string): boolean {
    return this.#isConfigured(alias) || this.#proven.has(alias);
  }

  /** Whether alias and target of this request may stand in metrics under their own names. */
  admits({ alias, outcome, target }: RequestReport): boolean {
    if (this.has(alias)) return true;
    if (outcome !== "completed" || target === undefined || this.#proven.size >= MAX_PROVEN) return false;
    this.#proven.add(alias);
    return true;
  }
}
