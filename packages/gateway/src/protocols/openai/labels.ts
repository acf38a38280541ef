// The client's own labels of a request, as the ledger and conditions of routes read them.

const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;
const MAX_LABELS = 20;

interface LabelledBody {
  metadata?: Readonly<Record<string, unknown>> | null | undefined;
  user?: string | null | undefined;
  safety_identifier?: string | null | undefined;
}

export const NO_LABELS: Readonly<Record<string, string>> = {};

/** `metadata`'s strings, `user` and `safety_identifier`, each cut to its bound. */
export function toLabels({
  metadata,
  user,
  safety_identifier,
}: LabelledBody): Readonly<Record<string, string>> {
  if (!metadata && !user && !safety_identifier) return NO_LABELS;
  const labels: [string, string][] = [];
  for (const [key, value] of Object.entries(metadata ?? {}).slice(0, MAX_LABELS - 2)) {
    if (typeof value === "string")
      labels.push([key.slice(0, MAX_KEY_LENGTH), value.slice(0, MAX_VALUE_LENGTH)]);
  }
  if (user) labels.push(["user", user.slice(0, MAX_VALUE_LENGTH)]);
  if (safety_identifier) labels.push(["safety_identifier", safety_identifier.slice(0, MAX_VALUE_LENGTH)]);
  return Object.fromEntries(labels);
}
