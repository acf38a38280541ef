import type { ReportCard } from "@homegrown/contracts";
import { proportionInterval } from "@homegrown/statistics";

export interface Completion {
  prompt: string;
  completion: string;
}

export type ShareCheck = ReportCard["checks"][number];

/** The share of completions that pass a check, with Wilson's interval. */
export function shareOfPassing(
  name: string,
  completions: readonly Completion[],
  accepts: (completion: string, prompt: string) => boolean,
): ShareCheck {
  const passed = completions.filter(({ completion, prompt }) => accepts(completion, prompt)).length;
  return { name, passed, total: completions.length, share: proportionInterval(passed, completions.length) };
}
