import type { MaskKind } from "./kinds.ts";
import { MASK_TOKEN } from "./scan-text.ts";

/**
 * Gives equal values of one record the same token, `[masked:email:1]`, and different values different
 * ones, so that who wrote to whom can still be read. Numbers start above those that the record already
 * holds, and mean nothing outside it: two records cannot be joined by them.
 */
export class MaskTokens {
  readonly #tokens = new Map<string, string>();
  readonly #last = new Map<string, number>();

  /** Keeps clear of the tokens of an earlier masking. */
  keepClearOf(text: string): void {
    if (!text.includes("[masked:")) return;
    for (const [, kind = "", number = "0"] of text.matchAll(MASK_TOKEN)) {
      this.#last.set(kind, Math.max(this.#last.get(kind) ?? 0, Number(number)));
    }
  }

  tokenFor(kind: MaskKind, value: string): string {
    const known = this.#tokens.get(value);
    if (known !== undefined) return known;
    const number = (this.#last.get(kind) ?? 0) + 1;
    this.#last.set(kind, number);
    const token = `[masked:${kind}:${number}]`;
    this.#tokens.set(value, token);
    return token;
  }
}

/** What stands for text that a bound kept from being read. */
export const UNSCANNED_TOKEN = "[masked:unscanned]";
