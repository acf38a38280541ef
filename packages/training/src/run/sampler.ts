// Continuations of fixed prompts while the model grows: greedy, so that what changes is the model. Each is
// made once in a run's life, whatever happens to the process and however often the run goes back after a
// spike, and reported once in every process that works on the run.
import type { ProgressListener, RunManifest } from "@homegrown/contracts";
import { createScorer } from "@homegrown/models";
import type { Scorer } from "@homegrown/models";
import type { KeptSamples } from "./kept-samples.ts";

/**
 * Each continuation is one `sample` progress event, with details `{ step, prompt, ids }`. A run that is
 * continued reports those made before again, in order, as it stands at their step or past it.
 */
export interface SampleRequest {
  /** Steps done: 0 is before the first, the manifest's `totalSteps` the end. */
  readonly atSteps: readonly number[];
  readonly prompts: readonly { readonly ids: readonly number[]; readonly maxTokens: number }[];
  readonly stopIds?: readonly number[];
}

export interface Sampler {
  /** To be called where a process takes the run up: what was made up to this step, and what is due at it. */
  begin(step: number): Promise<void>;
  /** What is due after this step. */
  at(step: number): Promise<void>;
}

export interface SamplerParts {
  readonly manifest: RunManifest;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly kept: KeptSamples;
  readonly report: ProgressListener;
}

export function createSampler(request: SampleRequest | undefined, parts: SamplerParts): Sampler {
  const { manifest, parameters, kept, report } = parts;
  const { sequenceLength } = manifest.batch;
  const { atSteps = [], prompts = [], stopIds = [] } = request ?? {};
  const asked = prompts.map(({ ids, maxTokens }) => ({ ids, maxTokens, stopIds }));
  const reported = new Set<string>();

  function tell(step: number, prompt: number, ids: readonly number[]): void {
    const key = `${step} ${prompt}`;
    if (reported.has(key)) return;
    reported.add(key);
    const details = { step, prompt, ids };
    report({ event: "sample", done: step, total: manifest.totalSteps, unit: "steps", details });
  }

  function tellKept(step: number): void {
    for (const [prompt, each] of asked.entries()) {
      const ids = kept.find(step, each);
      if (ids !== undefined) tell(step, prompt, ids);
    }
  }

  async function make(step: number, scorer: Scorer): Promise<void> {
    for (const [prompt, each] of asked.entries()) {
      let ids = kept.find(step, each);
      if (ids === undefined) {
        const given = each.ids.slice(-Math.max(1, sequenceLength - each.maxTokens));
        ids = await scorer.generate({ ...each, ids: given, temperature: 0 });
        await kept.add({ step, prompt: each, ids });
      }
      tell(step, prompt, ids);
    }
  }

  async function at(step: number): Promise<void> {
    if (!atSteps.includes(step)) return;
    if (asked.every((each) => kept.find(step, each) !== undefined)) return tellKept(step);
    const scorer = await createScorer(manifest.model, parameters, { maxSequenceLength: sequenceLength });
    try {
      await make(step, scorer);
    } finally {
      await scorer.close();
    }
  }

  return {
    at,
    async begin(step) {
      for (const past of atSteps.toSorted((a, b) => a - b)) if (past < step) tellKept(past);
      await at(step);
    },
  };
}
