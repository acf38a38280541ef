// Who asks: what a key allows, as the core sees it once it was authenticated.
import type { Rights } from "@homegrown/contracts";
import type { Endpoint } from "./dialect.ts";

export interface Key {
  /** Public: eight base-62 characters, part of the key's text, safe in logs. */
  readonly id: string;
  readonly name: string;
  readonly team: string | undefined;
  /** Labels that routes' conditions and reports may use. */
  readonly tags: readonly string[];
  /** Alias patterns (`*` matches any run of characters); undefined allows all. */
  readonly aliases: readonly string[] | undefined;
  readonly endpoints: readonly Endpoint[] | undefined;
  readonly limits: KeyLimits;
  /** Largest use that its owner consents to for what is asked and answered. Default `metrics`. */
  readonly rights: Rights;
  /** False forbids storing Responses. */
  readonly mayStoreResponses: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  /** Set once the key was revoked, or replaced by a rotation whose overlap has ended. */
  readonly revokedAt: Date | undefined;
}

export interface KeyLimits {
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  concurrentStreams?: number;
}
