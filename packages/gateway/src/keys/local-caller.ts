import type { Key } from "../core/key.ts";

/** Who calls while no key has ever been made; the server then lets in this machine alone. */
export const LOCAL_CALLER: Key = {
  id: "local",
  name: "this machine",
  team: undefined,
  tags: [],
  aliases: undefined,
  endpoints: undefined,
  limits: {},
  rights: "metrics",
  mayStoreResponses: true,
  createdAt: new Date(0),
  expiresAt: undefined,
  revokedAt: undefined,
};
