import type { TokenUsage } from "../token-usage.ts";

/** How one attempt at one target went. */
export interface RunOutcome {
  /** Undefined when the answer is whole and delivered. */
  error: Error | undefined;
  /** Something has reached the client, so there is no other attempt. */
  committed: boolean;
  /** The provider has not seen any of the request. */
  unsent?: boolean;
  /** What the provider reported, over all choices, as it bills them; undefined where it reported nothing. */
  usage: TokenUsage | undefined;
  /** Bytes of text that were made, for an estimate where nothing was reported. */
  textBytes: number;
  /** The immutable version (own) or provider's model that answered, where it is known. */
  version: string | undefined;
}
