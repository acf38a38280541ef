import type { ReportCard } from "@homegrown/contracts";
import { readMetrics } from "@homegrown/training";
import type { TrainedRun } from "./pretrain.ts";

const MAX_POINTS = 500;

/** A finished run as the report card shows it; its curves come from `metrics.jsonl`, thinned to 500 points. */
export async function toTrainingRecord({
  manifest,
  result,
}: TrainedRun): Promise<NonNullable<ReportCard["training"]>> {
  const lossCurve: [number, number][] = [];
  const heldOutCurve: [number, number][] = [];
  for (const line of await readMetrics(result.metricsFile)) {
    const curve = line.event === "train-step" ? lossCurve : heldOutCurve;
    curve.push([line.step, line.loss]);
  }
  return {
    run: manifest.id,
    steps: result.steps,
    tokens: result.tokens,
    seconds: result.seconds,
    tokensPerSecond: result.tokensPerSecond,
    flops: result.flops,
    peakMemoryBytes: result.peakMemoryBytes,
    lossCurve: thin(lossCurve),
    heldOutCurve: thin(heldOutCurve),
  };
}

/** Means of neighbours, so that a long curve keeps its shape. */
function thin(curve: [number, number][]): [number, number][] {
  const group = Math.ceil(curve.length / MAX_POINTS);
  if (group <= 1) return curve;
  const thinned: [number, number][] = [];
  for (let i = 0; i < curve.length; i += group) {
    const part = curve.slice(i, i + group);
    const mean = part.reduce((sum, [, loss]) => sum + loss, 0) / part.length;
    thinned.push([part.at(-1)![0], mean]);
  }
  return thinned;
}
