// Whether a target can do what a request needs, and what to say where none can.
import type { Target } from "../core/target.ts";
import { fitsLength } from "./prompt-length.ts";
import type { RouteQuestion } from "./route-question.ts";

/** `unlikely` fits too, after the others; see `prompt-length.ts`. */
export function fitsTarget({ capabilities }: Target, question: RouteQuestion): "yes" | "unlikely" | "no" {
  const { needs } = question;
  if (needs.tools && !capabilities.tools) return "no";
  if (needs.structuredOutput && !capabilities.structuredOutput) return "no";
  if (needs.logProbabilities && !capabilities.logProbabilities) return "no";
  for (const kind of needs.input) if (!capabilities.input.has(kind)) return "no";
  return fitsLength(capabilities, question);
}

/** The needs that this target does not fit, in words. */
export function nameMisfits({ capabilities }: Target, question: RouteQuestion): string[] {
  const { needs } = question;
  const misfits: string[] = [];
  if (needs.tools && !capabilities.tools) misfits.push("tools");
  if (needs.structuredOutput && !capabilities.structuredOutput) misfits.push("structured output");
  if (needs.logProbabilities && !capabilities.logProbabilities) misfits.push("log-probabilities");
  for (const kind of needs.input) if (!capabilities.input.has(kind)) misfits.push(`${kind} input`);
  if (fitsLength(capabilities, question) === "no") misfits.push("a prompt of this length");
  return misfits;
}
