// What a record of one request may be used for. Three have a say, and the strictest wins: the owner of the key,
// whoever runs the route, and the terms of the model that answered. Only the last can be lifted, by name.
import { minRights, permits } from "@homegrown/contracts";
import type { Rights } from "@homegrown/contracts";
import type { CaptureSettings } from "../routing/route-config.ts";

export interface DecidedRight {
  right: Rights;
  /** Set only where it made the difference. */
  override: { by: string; reason: string } | undefined;
}

/** What holds for a route that says nothing. */
const NO_POLICY: CaptureSettings = { right: "metrics", override: undefined };

export function decideRight(
  consent: Rights,
  policy: CaptureSettings | undefined,
  terms: Rights,
): DecidedRight {
  const { right, override } = policy ?? NO_POLICY;
  const wanted = minRights(consent, right);
  const allowed = minRights(wanted, terms);
  if (override === undefined || permits(allowed, wanted)) return { right: allowed, override: undefined };
  return { right: wanted, override };
}

/** Whether anything but the ledger's row may be kept, whoever answers. */
export function mayKeepContent(consent: Rights, policy: CaptureSettings | undefined): boolean {
  return keepsContent(minRights(consent, (policy ?? NO_POLICY).right));
}

/** `metrics` is the row in the ledger, and `none` no more of that than billing needs. */
export function keepsContent(right: Rights): boolean {
  return permits(right, "evaluate");
}
