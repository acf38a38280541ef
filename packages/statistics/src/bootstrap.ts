// The bootstrap: the spread of a statistic over resamples of the data stands in for its spread over
// worlds. Whole clusters are drawn, never single items of one, because items of one document are alike.
// Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 13 and 14.
import { HomegrownError, type Interval } from "@homegrown/contracts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { sortedQuantile } from "./quantiles.ts";
import { createRandom } from "./random.ts";

export interface BootstrapOptions {
  /** Same seed, same data: same interval. */
  seed?: number;
  /** 2,000 by default: enough for the ends of a 95 % interval. */
  numResamples?: number;
  /** Share of worlds in which the interval should hold the true value; 0.95 by default. */
  confidence?: number;
  /** `bca` (default) corrects bias and skew; `percentile` takes the resamples' quantiles as they are. */
  method?: "percentile" | "bca";
}

/**
 * An interval for `statistic` of `items`.
 * @param options.clusterOf items with equal keys are drawn together, for example a document's sentences
 * @throws HomegrownError `statistics/no-data`, `statistics/bad-confidence`, `statistics/not-finite`
 */
export function bootstrapInterval<Item>(
  items: readonly Item[],
  statistic: (items: readonly Item[]) => number,
  options: BootstrapOptions & { clusterOf?: (item: Item) => string } = {},
): Interval {
  const { clusterOf } = options;
  const clusters = clusterOf ? [...Map.groupBy(items, clusterOf).values()] : items.map((item) => [item]);
  const gather = (indices: Iterable<number>): Item[] => {
    const gathered: Item[] = [];
    for (const index of indices) gathered.push(...clusters[index]!);
    return gathered;
  };
  return resampledInterval(
    {
      numClusters: clusters.length,
      value: () => statistic(items),
      valueOf: (indices) => statistic(gather(indices)),
      valueWithout: (left) => statistic(gather(clusters.keys().filter((index) => index !== left))),
    },
    options,
  );
}

/** A statistic as a function of which clusters are drawn; what every bootstrap of this package reduces to. */
export interface ResampledStatistic {
  numClusters: number;
  value: () => number;
  valueOf: (indices: Uint32Array) => number;
  valueWithout: (index: number) => number;
}

export function resampledInterval(statistic: ResampledStatistic, options: BootstrapOptions): Interval {
  const { confidence = 0.95, method = "bca", numResamples = 2000 } = options;
  requireUsable(statistic.numClusters, confidence, numResamples);
  const value = statistic.value();
  const resamples = drawResamples(statistic, options.seed ?? 1, numResamples);
  if (!Number.isFinite(value) || !resamples.every(Number.isFinite)) throw notFinite();
  const tail = (1 - confidence) / 2;
  const [low, high] =
    method === "bca" ? bcaLevels(statistic, resamples, value, tail) : ([tail, 1 - tail] as const);
  return {
    value,
    low: sortedQuantile(resamples, low),
    high: sortedQuantile(resamples, high),
    confidence,
    method: `${method === "bca" ? "BCa" : "percentile"} bootstrap, ${numResamples} resamples of ${statistic.numClusters}`,
  };
}

/** Sorted values of the statistic over resamples with replacement. */
export function drawResamples(
  statistic: Pick<ResampledStatistic, "numClusters" | "valueOf">,
  seed: number,
  numResamples: number,
): Float64Array {
  const random = createRandom(seed);
  const indices = new Uint32Array(statistic.numClusters);
  const values = new Float64Array(numResamples);
  for (let resample = 0; resample < numResamples; resample++) {
    for (let i = 0; i < indices.length; i++) indices[i] = Math.floor(random() * indices.length);
    values[resample] = statistic.valueOf(indices);
  }
  return values.sort();
}

/** Efron and Tibshirani (1993), equations 14.9–14.15: bias from the resamples, acceleration from the jackknife. */
function bcaLevels(
  statistic: ResampledStatistic,
  resamples: Float64Array,
  value: number,
  tail: number,
): readonly [number, number] {
  // Ties count half, so that a lattice-valued statistic (a median, a share) gets no bias from them.
  let below = 0;
  for (const resample of resamples) below += resample < value ? 1 : resample === value ? 0.5 : 0;
  const bias = normalQuantile(below / resamples.length);
  const acceleration = jackknifeAcceleration(statistic);
  if (!Number.isFinite(bias)) return [tail, 1 - tail];
  const level = (z: number): number => normalCdf(bias + (bias + z) / (1 - acceleration * (bias + z)));
  const z = normalQuantile(tail);
  return [level(z), level(-z)];
}

function jackknifeAcceleration({ numClusters, valueWithout }: ResampledStatistic): number {
  if (numClusters < 3) return 0;
  const left = Float64Array.from({ length: numClusters }, (_, index) => valueWithout(index));
  if (!left.every(Number.isFinite)) return 0;
  const centre = left.reduce((sum, one) => sum + one, 0) / numClusters;
  let squares = 0;
  let cubes = 0;
  for (const one of left) {
    squares += (centre - one) ** 2;
    cubes += (centre - one) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function requireUsable(numClusters: number, confidence: number, numResamples: number): void {
  if (numClusters === 0 || !Number.isInteger(numResamples) || numResamples < 1) {
    throw new HomegrownError({
      code: "statistics/no-data",
      kind: "invalid-input",
      message: `a bootstrap needs data and resamples, got ${numClusters} clusters and ${numResamples} resamples`,
      hint: "Check that the step before measured something.",
    });
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new HomegrownError({
      code: "statistics/bad-confidence",
      kind: "invalid-input",
      message: `confidence must lie between 0 and 1, got ${confidence}`,
      hint: "Pass a share such as 0.95, not a percentage.",
    });
  }
}

function notFinite(): HomegrownError {
  return new HomegrownError({
    code: "statistics/not-finite",
    kind: "invalid-input",
    message: "the statistic is not finite on the data or on a resample of them",
    hint: "Look for an infinite or missing measurement, or a denominator that can be zero.",
  });
}
