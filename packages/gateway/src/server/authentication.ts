// Who asks. With keys, a key decides; before the first key exists, being on this machine does.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Endpoint } from "../core/dialect.ts";
import type { Key } from "../core/key.ts";
import { checkSameMachine } from "./same-machine.ts";

/** What the server asks of the keys. */
export interface Authenticator {
  readonly hasKeys: boolean;
  /** Throws `gateway/key-missing`, `-invalid`, `-expired` or `-revoked`. */
  authenticate(presented: string | undefined): Key;
  /** Throws `gateway/endpoint-forbidden`. */
  permits(key: Key, endpoint: Endpoint): void;
  onRevoked(listener: (keyId: string) => void): void;
}

/** The caller of a gateway without keys: somebody on this machine, who may do everything. */
export const LOCAL_CALLER: Key = {
  id: "local",
  name: "local",
  team: undefined,
  tags: [],
  aliases: undefined,
  endpoints: undefined,
  limits: {},
  rights: "train",
  mayStoreResponses: true,
  createdAt: new Date(0),
  expiresAt: undefined,
  revokedAt: undefined,
};

/** Throws what the authenticator throws; without keys `gateway/host-refused` or `gateway/origin-refused`. */
export function identify(
  request: IncomingMessage,
  keys: Authenticator | undefined,
  allowedHosts: ReadonlySet<string>,
): Key {
  if (keys?.hasKeys) return keys.authenticate(presentedKey(request.headers));
  checkSameMachine(request.headers, allowedHosts);
  return LOCAL_CALLER;
}

/** OpenAI's clients send a bearer, Anthropic's `x-api-key` (or a bearer), Azure's `api-key`. */
function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const bearer = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (bearer !== undefined) return bearer;
  }
  const key = headers["x-api-key"] ?? headers["api-key"];
  return Array.isArray(key) ? key[0] : key;
}
