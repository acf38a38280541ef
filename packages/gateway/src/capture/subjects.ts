// Whom a request was about, in the client's own names. They are kept as digests only: enough to find everything
// about somebody again and delete it, and no list of an application's users.
import { hash } from "node:crypto";

/** As OpenAI's and Anthropic's clients name their end users. */
const SUBJECT_LABELS = ["user", "safety_identifier", "user_id"] as const;
/** The ledger cuts labels to this, and feedback finds its subjects there. */
const MAX_LABEL_LENGTH = 256;

export function digestsOfSubjects(labels: Readonly<Record<string, string>>): string[] {
  const subjects = new Set<string>();
  for (const name of SUBJECT_LABELS) {
    const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (value) subjects.add(value);
  }
  return [...subjects].map(digestOfSubject);
}

export function digestOfSubject(subject: string): string {
  return hash("sha256", subject.slice(0, MAX_LABEL_LENGTH).toWellFormed().replaceAll("\0", "\u{fffd}"));
}
