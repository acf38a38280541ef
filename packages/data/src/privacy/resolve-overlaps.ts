import { SECRET_KINDS, type Finding, type MaskKind } from "./kinds.ts";

const SECRETS: ReadonlySet<string> = new Set(SECRET_KINDS);

/** What names itself by its form beats what is only named by its surroundings. */
function rank(kind: MaskKind): number {
  if (kind === "credential") return 1;
  if (kind === "private-key") return 4;
  return SECRETS.has(kind) ? (kind === "provider-token" ? 2 : 3) : 0;
}

/**
 * Findings in order and apart from each other. Where two overlap, both are covered under the name of the
 * more specific: a part of a secret is still a secret.
 */
export function resolveOverlaps(found: readonly Finding[]): Finding[] {
  const sorted = found.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const apart: Finding[] = [];
  for (const next of sorted) {
    const last = apart.at(-1);
    if (last === undefined || next.start >= last.end) {
      apart.push(next);
      continue;
    }
    const kind = rank(next.kind) > rank(last.kind) ? next.kind : last.kind;
    apart[apart.length - 1] = { kind, start: last.start, end: Math.max(last.end, next.end) };
  }
  return apart;
}
