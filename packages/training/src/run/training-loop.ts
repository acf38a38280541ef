// The loop itself: step, evaluate, checkpoint, and back when the loss spikes. Everything that decides a
// number is a function of the manifest, the step and the skipped batches; the loop's own state is exactly
// what a checkpoint stores. Therefore: killed anywhere, resumed, equal bits.
import { HomegrownError } from "@homegrown/contracts";
import type { ProgressListener, RunManifest } from "@homegrown/contracts";
import type { CheckpointStore } from "../checkpoints/checkpoint-store.ts";
import type { BatchSource } from "./batch-source.ts";
import type { MetricsFile } from "./metrics-file.ts";
import { createSpeedometer } from "./speedometer.ts";
import type { Speedometer } from "./speedometer.ts";
import type { Sampler } from "./sampler.ts";
import { scheduleFactor } from "./schedule.ts";
import { toJsonNumber } from "./skipped-batches.ts";
import type { SkippedBatches } from "./skipped-batches.ts";
import { SpikeDetector } from "./spike-detector.ts";
import type { Trainer } from "./trainer.ts";

export interface LoopParts {
  readonly manifest: RunManifest;
  readonly trainer: Trainer;
  readonly batches: BatchSource;
  readonly checkpoints: CheckpointStore;
  readonly skips: SkippedBatches;
  readonly metrics: MetricsFile;
  readonly sampler: Sampler;
  readonly signal: AbortSignal | undefined;
  readonly report: ProgressListener;
}

export interface LoopState {
  step: number;
  tokens: number;
  seconds: number;
  heldOutLoss: number | null;
  /** Step of the last held-out evaluation. */
  heldOutStep: number;
  recentLosses: readonly number[];
  peakMemoryBytes: number;
}

export async function runTrainingLoop(
  parts: LoopParts,
): Promise<{ status: "completed" | "interrupted"; state: LoopState }> {
  const { manifest, batches, checkpoints, skips, metrics, sampler, signal, report } = parts;
  const { stepper } = parts.trainer;
  const { totalSteps } = manifest;
  const detector = new SpikeDetector(manifest.spikes.lossFactor);
  const tokensPerStep = manifest.batch.sequencesPerStep * manifest.batch.sequenceLength;
  const state = await restoreState(parts, detector, "fresh");
  const speed = createSpeedometer();

  async function evaluate(): Promise<void> {
    const batch = batches.heldOut();
    if (batch === undefined) return;
    const { sumLoss, numTokens } = await stepper.evaluate(batch);
    state.heldOutLoss = sumLoss / numTokens;
    state.heldOutStep = state.step;
    const line = {
      event: "evaluate-held-out",
      step: state.step,
      loss: state.heldOutLoss,
      tokens: numTokens,
    } as const;
    await metrics.append(line);
    report({
      event: line.event,
      done: state.step,
      total: totalSteps,
      unit: "steps",
      details: { loss: line.loss },
    });
  }

  async function save(): Promise<void> {
    const { step, tokens, seconds, heldOutLoss, heldOutStep, recentLosses } = state;
    const heldOutMeasuredHere = heldOutStep === step && heldOutLoss !== null;
    const stored = { step, tokens, seconds, heldOutLoss, heldOutMeasuredHere, recentLosses };
    await checkpoints.save(stored, stepper, metrics.content);
    await checkpoints.prune(manifest.checkpoints.keepLast);
    report({ event: "checkpoint-write", done: step, total: totalSteps, unit: "steps" });
  }

  await sampler.begin(state.step);
  let savedAt = state.step;
  while (state.step < totalSteps) {
    if (signal?.aborted) {
      if (state.step > savedAt) await save();
      return { status: "interrupted", state };
    }
    const started = performance.now();
    if (state.step === 0) await evaluate();
    const batch = skips.batchOf(state.step);
    const factor = scheduleFactor(state.step, totalSteps, manifest.schedule);
    const base = manifest.optimizer.learningRate * factor;
    const matrix = (manifest.optimizer.matrixLearningRate ?? manifest.optimizer.learningRate) * factor;
    const outcome = await stepper.step({
      ...batches.training(batch),
      learningRates: { base, matrix },
      stepNumber: state.step + 1,
      clipNorm: manifest.clipNorm,
      lossLimit: detector.limit,
    });
    if (!outcome.applied) {
      await goBack(parts, state, detector, { batch, ...outcome });
      savedAt = state.step;
      continue;
    }
    state.step += 1;
    state.tokens += tokensPerStep;
    detector.add(outcome.loss);
    state.recentLosses = detector.memory;
    const { loss, gradientNorm } = outcome;
    const { step, tokens } = state;
    const done = { step, batch, loss, gradientNorm, learningRate: base, tokens };
    await metrics.append({ event: "train-step", ...done });
    const due = step % manifest.evaluation.everySteps === 0 || step === totalSteps;
    const stepSeconds = (performance.now() - started) / 1000;
    if (due) await evaluate();
    const elapsed = (performance.now() - started) / 1000;
    state.seconds += elapsed;
    speed.add(tokensPerStep, stepSeconds, elapsed);
    state.peakMemoryBytes = Math.max(state.peakMemoryBytes, process.memoryUsage.rss());
    reportStep(parts, state, speed, { loss, gradientNorm, learningRate: base });
    if (step % manifest.checkpoints.everySteps === 0 || step === totalSteps) {
      await save();
      savedAt = step;
    }
    await sampler.at(step);
  }
  return { status: "completed", state };
}

function reportStep(
  { manifest: { totalSteps }, report }: LoopParts,
  { step, tokens, heldOutLoss, peakMemoryBytes }: LoopState,
  { tokensPerSecond, secondsPerStep }: Speedometer,
  outcome: { loss: number; gradientNorm: number; learningRate: number },
): void {
  report({
    event: "train-step",
    done: step,
    total: totalSteps,
    unit: "steps",
    details: {
      ...outcome,
      heldOutLoss,
      tokens,
      tokensPerSecond,
      etaSeconds: secondsPerStep * (totalSteps - step),
      memoryBytes: process.memoryUsage.rss(),
      peakMemoryBytes,
    },
  });
}

/** The newest good checkpoint, or the first weights when there is none. */
async function restoreState(
  parts: LoopParts,
  detector: SpikeDetector,
  trainerIs: "fresh" | "used",
): Promise<LoopState> {
  const { checkpoints, trainer, metrics, report } = parts;
  const found = await checkpoints.findNewest(({ folder, reason }) =>
    report({ event: "checkpoint-broken", message: `${folder} is not used: ${reason}` }),
  );
  const peakMemoryBytes = process.memoryUsage.rss();
  if (found === undefined) {
    if (trainerIs === "used") await trainer.reset();
    await metrics.restore("");
    detector.restore([]);
    return {
      step: 0,
      tokens: 0,
      seconds: 0,
      heldOutLoss: null,
      heldOutStep: -1,
      recentLosses: [],
      peakMemoryBytes,
    };
  }
  await metrics.restore(await checkpoints.restore(found, trainer.stepper));
  const { step, tokens, seconds, heldOutLoss, heldOutMeasuredHere, recentLosses } = found.state;
  detector.restore(recentLosses);
  report({
    event: "run-continue",
    done: step,
    total: parts.manifest.totalSteps,
    unit: "steps",
    message: `continuing from step ${step}`,
  });
  const heldOutStep = heldOutMeasuredHere ? step : -1;
  return { step, tokens, seconds, heldOutLoss, heldOutStep, recentLosses, peakMemoryBytes };
}

/** Records the batch as skipped, durably, and only then returns to the last good checkpoint. */
async function goBack(
  parts: LoopParts,
  state: LoopState,
  detector: SpikeDetector,
  spike: { batch: number; loss: number; gradientNorm: number },
): Promise<void> {
  const { manifest, skips, report } = parts;
  const { batch, loss, gradientNorm } = spike;
  const what =
    Number.isFinite(loss) && Number.isFinite(gradientNorm)
      ? `loss ${loss.toFixed(3)} is over ${detector.limit.toFixed(3)}, ${manifest.spikes.lossFactor} times the recent median`
      : `loss ${loss} with gradient norm ${gradientNorm} is not finite`;
  if (skips.count >= manifest.spikes.maxRecoveries) {
    throw new HomegrownError({
      code: "training/diverged",
      kind: "unavailable",
      message: `step ${state.step + 1}: ${what}; ${skips.count} batches were skipped for this before, and no more are allowed`,
      hint: "Lower the learning rate or lengthen the warm-up and start a new run; the last checkpoint is kept.",
      details: { step: state.step + 1, batch, skipped: skips.count },
    });
  }
  await skips.add({
    batch,
    step: state.step,
    loss: toJsonNumber(loss),
    gradientNorm: toJsonNumber(gradientNorm),
  });
  const { seconds, peakMemoryBytes } = state;
  Object.assign(state, await restoreState(parts, detector, "used"), { seconds, peakMemoryBytes });
  report({
    event: "batch-skip",
    done: state.step,
    total: manifest.totalSteps,
    unit: "steps",
    message: `batch ${batch} is skipped (${what}); back at step ${state.step}`,
    details: { batch, recoveries: skips.count, allowed: manifest.spikes.maxRecoveries },
  });
}
