import type { ReportCard } from "@homegrown/contracts";
import { escapeHtml as esc } from "./escape.ts";

type Sample = ReportCard["samples"][number];

/** Samples by prompt: what each source made of it, in the card's order, then the truth if known. */
export function renderSamples(samples: readonly Sample[]): string {
  return [...Map.groupBy(samples, ({ prompt }) => prompt)]
    .map(([prompt, group]) => renderGroup(prompt, group))
    .join("");
}

function renderGroup(prompt: string, group: readonly Sample[]): string {
  const truth = group.find((sample) => sample.truth !== undefined)?.truth;
  const figures = group.map(({ source, completion }) => figure(source, prompt, completion));
  if (truth !== undefined) figures.push(figure("What the held-out text says", prompt, truth));
  return `<div class="sample">${figures.join("")}</div>`;
}

function figure(caption: string, prompt: string, completion: string): string {
  return `<figure><figcaption>${esc(caption)}</figcaption><pre><span class="prompt">${esc(tail(prompt))}</span>${esc(completion)}</pre></figure>`;
}

/** A long prompt's last lines, enough to see what is being continued. */
function tail(prompt: string): string {
  return prompt.length <= 400 ? prompt : `…${prompt.slice(-400)}`;
}
