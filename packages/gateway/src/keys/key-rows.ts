import { rightsSchema } from "@homegrown/contracts";
import type { Selectable } from "@homegrown/storage";
import { ENDPOINTS } from "../core/dialect.ts";
import type { Endpoint } from "../core/dialect.ts";
import type { Key, KeyLimits } from "../core/key.ts";
import type { GatewayTables } from "../state/tables.ts";

export type KeyRow = Selectable<GatewayTables["gateway_keys"]>;

export function toKey(row: KeyRow): Key {
  return {
    id: row.id,
    name: row.name,
    team: row.team ?? undefined,
    tags: toTexts(row.tags),
    aliases: row.aliases === null ? undefined : toTexts(row.aliases),
    // A newer program may have written an endpoint that this one does not have.
    endpoints: row.endpoints === null ? undefined : toTexts(row.endpoints).filter(isEndpoint),
    limits: toLimits(row),
    // One that this program does not know must not allow more than the least.
    rights: rightsSchema.catch("none").parse(row.rights),
    mayStoreResponses: row.may_store_responses === 1,
    createdAt: new Date(row.created_at),
    expiresAt: toDate(row.expires_at),
    revokedAt: toDate(row.revoked_at),
  };
}

function toLimits(row: KeyRow): KeyLimits {
  return {
    ...(row.requests_per_minute !== null && { requestsPerMinute: row.requests_per_minute }),
    ...(row.tokens_per_minute !== null && { tokensPerMinute: row.tokens_per_minute }),
    ...(row.concurrent_streams !== null && { concurrentStreams: row.concurrent_streams }),
  };
}

function toTexts(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function toDate(ms: number | null): Date | undefined {
  return ms === null ? undefined : new Date(ms);
}

function isEndpoint(text: string): text is Endpoint {
  return (ENDPOINTS as readonly string[]).includes(text);
}
