// Continuations of fixed prompts while the model grows: greedy, so that what changes is the model.
import type { ProgressListener, RunManifest } from "@homegrown/contracts";
import { createScorer } from "@homegrown/models";

/** Each continuation is one `sample` progress event, with details `{ step, prompt, ids }`. */
export interface SampleRequest {
  /** Steps done: 0 is before the first, the manifest's `totalSteps` the end. */
  readonly atSteps: readonly number[];
  readonly prompts: readonly { readonly ids: readonly number[]; readonly maxTokens: number }[];
  readonly stopIds?: readonly number[];
}

export interface Sampler {
  at(step: number): Promise<void>;
}

export function createSampler(
  request: SampleRequest | undefined,
  { model, batch, totalSteps }: RunManifest,
  parameters: ReadonlyMap<string, Float32Array>,
  report: ProgressListener,
): Sampler {
  return {
    async at(step) {
      if (!request?.atSteps.includes(step)) return;
      const scorer = await createScorer(model, parameters, { maxSequenceLength: batch.sequenceLength });
      try {
        for (const [prompt, { ids, maxTokens }] of request.prompts.entries()) {
          const given = ids.slice(-Math.max(1, batch.sequenceLength - maxTokens));
          const stopIds = request.stopIds ?? [];
          const answer = await scorer.generate({ ids: given, maxTokens, temperature: 0, stopIds });
          report({
            event: "sample",
            done: step,
            total: totalSteps,
            unit: "steps",
            details: { step, prompt, ids: answer },
          });
        }
      } finally {
        await scorer.close();
      }
    },
  };
}
