// Refusals of a caller. None says more than the caller knows: only who presented the right secret learns that
// its key was revoked or has expired.
import { HomegrownError } from "@homegrown/contracts";
import type { Endpoint } from "../core/dialect.ts";
import type { Key } from "../core/key.ts";

export function keyMissingError(): HomegrownError {
  return new HomegrownError({
    code: "gateway/key-missing",
    kind: "unauthenticated",
    message: "the request has no API key",
    hint: "Send it as `Authorization: Bearer hg_…` or as `x-api-key: hg_…`.",
  });
}

export function keyInvalidError(): HomegrownError {
  return new HomegrownError({
    code: "gateway/key-invalid",
    kind: "unauthenticated",
    message: "the request's API key is none of this gateway's",
    hint: "Check that the whole key was copied (`hg_`, 8 characters, `_`, 40 characters), and for this gateway.",
  });
}

export function keyExpiredError(id: string, expiredAt: Date): HomegrownError {
  return new HomegrownError({
    code: "gateway/key-expired",
    kind: "unauthenticated",
    message: `the API key ${id} expired at ${expiredAt.toISOString()}`,
    hint: "Ask whoever runs this gateway for a new key, or for a later end of this one.",
    details: { key: id },
  });
}

export function keyRevokedError(id: string, what: "revoked" | "replaced"): HomegrownError {
  return new HomegrownError({
    code: "gateway/key-revoked",
    kind: "unauthenticated",
    message: `the API key ${id} was ${what}`,
    hint:
      what === "replaced"
        ? "Use the new text that the rotation of this key gave."
        : "Ask whoever runs this gateway for a new key.",
    details: { key: id },
  });
}

export function endpointForbiddenError(key: Key, endpoint: Endpoint): HomegrownError {
  return new HomegrownError({
    code: "gateway/endpoint-forbidden",
    kind: "forbidden",
    message: `the API key ${key.id} may not call '${endpoint}'; it may call ${(key.endpoints ?? []).join(", ")}`,
    hint: "Use another endpoint or key, or have this key's scope widened.",
    details: { key: key.id, endpoint },
  });
}

export function aliasForbiddenError(key: Key, alias: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/alias-forbidden",
    kind: "forbidden",
    message: `the API key ${key.id} may not use the model '${alias.slice(0, 200)}'`,
    hint: "List the models that this key may use, or have its scope widened.",
    details: { key: key.id },
  });
}

export function unknownKeyError(id: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/unknown-key",
    kind: "not-found",
    message: `there is no API key ${id}`,
    hint: "List the keys and use the eight characters that name one.",
  });
}
