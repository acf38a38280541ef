// Corpora that no dataset can be made of: what was found, what was expected, what to do.
import { HomegrownError } from "@homegrown/contracts";
import type { StepCounter } from "./step-counter.ts";

export function emptyCorpus(places: readonly string[], find: StepCounter): HomegrownError {
  return new HomegrownError({
    code: "data/empty-corpus",
    kind: "invalid-input",
    message: `no text to learn from in ${places.join(", ")}: ${find.documentsIn} files have a known kind, 0 remain`,
    hint: 'Expected txt, md, source code, or jsonl with a "text" field, each also as .gz.',
    details: { find: find.toStep() },
  });
}

/** Names the rules that took most. */
export function everythingFilteredOut(steps: readonly StepCounter[]): HomegrownError {
  const table = steps.map((step) => step.toStep());
  const reasons = table
    .flatMap(({ name, dropped }) =>
      dropped.map(({ reason, documents }) => ({ text: `${name}: ${reason} (${documents})`, documents })),
    )
    .sort((a, b) => b.documents - a.documents)
    .slice(0, 5)
    .map(({ text }) => text);
  return new HomegrownError({
    code: "data/everything-filtered-out",
    kind: "invalid-input",
    message: `none of the documents was kept; what took most: ${reasons.join("; ")}`,
    hint: "Add text that passes, or loosen the rule that took it (option `quality`).",
    details: { steps: table },
  });
}

export function oneDocument(): HomegrownError {
  return new HomegrownError({
    code: "data/one-document",
    kind: "invalid-input",
    message: "the corpus is one short document: nothing would be left to measure on, expected at least two",
    hint: "Add a second document, or text enough (a few kilobytes) that it can be cut into sections.",
  });
}

export function heldOutLeaked(candidates: number): HomegrownError {
  return new HomegrownError({
    code: "data/held-out-leaked",
    kind: "invalid-input",
    message: `each of ${candidates} documents chosen for measuring is nearly contained in the rest: the corpus repeats itself`,
    hint: "Remove copies and older versions of the same text, or add different documents.",
    details: { candidates },
  });
}

export function noConversations(): HomegrownError {
  return new HomegrownError({
    code: "data/empty-corpus",
    kind: "invalid-input",
    message: "no conversation to learn from: expected at least one with a question and an answer",
    hint: "Give conversations, or skip tuning.",
  });
}
