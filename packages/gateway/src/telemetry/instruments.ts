// Counters, gauges and histograms with as little work as possible where they are counted: whoever counts holds
// on to a series (one set of attributes of one instrument) and adds a number to it. Names, units and buckets
// are OpenTelemetry's; how they are written for Prometheus or OTLP is decided elsewhere.

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface InstrumentDefinition {
  /** OpenTelemetry's, for example `gen_ai.client.operation.duration`. */
  name: string;
  /** UCUM: `s`, `By`, `USD`, `1`; in braces where it only says what is counted. */
  unit: string;
  description: string;
}

export interface NumberPoint {
  readonly attributes: Attributes;
  readonly value: number;
}

export interface HistogramPoint {
  readonly attributes: Attributes;
  /** One more than there are bounds; each value is counted in exactly one. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
  readonly count: number;
}

/** Everything that can be read out of an instrument. */
export type Instrument =
  | { kind: "counter" | "gauge"; definition: InstrumentDefinition; read(): Iterable<NumberPoint> }
  | {
      kind: "histogram";
      definition: InstrumentDefinition;
      /** Upper bounds, inclusive, ascending. */
      bounds: readonly number[];
      read(): Iterable<HistogramPoint>;
    };

/** What no longer gets a series of its own is counted here, as OpenTelemetry's SDKs do it. */
export const OVERFLOW: Attributes = { "otel.metric.overflow": true };
/** Series of one instrument: OpenTelemetry's default. */
export const MAX_SERIES = 2000;

/** The series of one instrument by their attributes, so many and no more. */
abstract class Family<Series> {
  readonly definition: InstrumentDefinition;
  readonly #series = new Map<string, Series>();

  constructor(definition: InstrumentDefinition) {
    this.definition = definition;
  }

  /** The same series for equal attributes in equal order. Not for the hot path: keep what comes back. */
  with(attributes: Attributes): Series {
    const key = JSON.stringify(attributes);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const isFull = this.#series.size >= MAX_SERIES - 1 && attributes !== OVERFLOW;
    if (isFull) return this.with(OVERFLOW);
    const made = this.make(attributes);
    this.#series.set(key, made);
    return made;
  }

  read(): Iterable<Series> {
    return this.#series.values();
  }

  protected abstract make(attributes: Attributes): Series;
}

export class CounterSeries implements NumberPoint {
  readonly attributes: Attributes;
  value = 0;

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }

  add(amount: number): void {
    this.value += amount;
  }
}

export class Counter extends Family<CounterSeries> {
  readonly kind = "counter";

  protected make(attributes: Attributes): CounterSeries {
    return new CounterSeries(attributes);
  }
}

export class HistogramSeries implements HistogramPoint {
  readonly attributes: Attributes;
  readonly counts: Float64Array;
  sum = 0;
  count = 0;
  readonly #bounds: Float64Array;

  constructor(attributes: Attributes, bounds: Float64Array) {
    this.attributes = attributes;
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Bounds are few, and most values are small: a walk beats a search. */
  record(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
    this.count++;
  }
}

export class Histogram extends Family<HistogramSeries> {
  readonly kind = "histogram";
  readonly bounds: readonly number[];
  readonly #bounds: Float64Array;

  constructor(definition: InstrumentDefinition, bounds: readonly number[]) {
    super(definition);
    this.bounds = bounds;
    this.#bounds = Float64Array.from(bounds);
  }

  protected make(attributes: Attributes): HistogramSeries {
    return new HistogramSeries(attributes, this.#bounds);
  }
}

/** What is looked up when it is read: the state of something that is kept elsewhere. */
export class Observed {
  readonly kind: "counter" | "gauge";
  readonly definition: InstrumentDefinition;
  readonly #look: () => readonly NumberPoint[];

  constructor(
    kind: "counter" | "gauge",
    definition: InstrumentDefinition,
    look: () => readonly NumberPoint[],
  ) {
    this.kind = kind;
    this.definition = definition;
    this.#look = look;
  }

  read(): readonly NumberPoint[] {
    return this.#look();
  }
}

/** A single value without attributes; undefined: nothing to say now. */
export function one(value: number | undefined): NumberPoint[] {
  return value === undefined ? [] : [{ attributes: {}, value }];
}
