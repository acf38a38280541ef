// Several generations as one stream. Each source is asked for its next part only when the last was taken, so
// a slow reader holds at most one part of each running choice in memory; and whatever ends the stream (done,
// failure, reader gone) has ended every source before the caller goes on.

export type PartSource<Part> = (signal: AbortSignal) => AsyncIterable<Part>;

export interface InterleaveOptions {
  signal: AbortSignal;
  /** Sources that run at once. */
  parallel: number;
}

type Pending<Part> = Promise<{ choice: number; result: IteratorResult<Part, unknown> }>;

/** The sources' parts with their source's number, in the order in which they arrive. */
export async function* interleave<Part>(
  sources: readonly PartSource<Part>[],
  options: InterleaveOptions,
): AsyncGenerator<[choice: number, part: Part], void, undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const iterators = new Map<number, AsyncIterator<Part, unknown>>();
  const pending = new Map<number, Pending<Part>>();
  const advance = (choice: number, iterator: AsyncIterator<Part, unknown>): void => {
    const next = iterator.next().then((result) => ({ choice, result }));
    // The race below reports the first failure; later ones follow from the abort that it causes.
    next.catch(() => {});
    pending.set(choice, next);
  };
  let started = 0;
  try {
    while (started < sources.length || pending.size > 0) {
      for (; started < sources.length && pending.size < options.parallel; started++) {
        const iterator = sources[started]!(signal)[Symbol.asyncIterator]();
        iterators.set(started, iterator);
        advance(started, iterator);
      }
      const { choice, result } = await Promise.race(pending.values());
      // Deleted and added again, a choice goes to the end of the line: none is starved.
      pending.delete(choice);
      if (result.done) {
        iterators.delete(choice);
        continue;
      }
      yield [choice, result.value];
      advance(choice, iterators.get(choice)!);
    }
  } finally {
    stop.abort();
    await Promise.allSettled([...iterators.values()].map((iterator) => iterator.return?.()));
  }
}

/** Runs `count` pieces of work to their ends, a bounded number at once; the first failure stops the others. */
export async function runBounded<Result>(
  count: number,
  options: InterleaveOptions,
  work: (index: number, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  if (count === 1) return [await work(0, options.signal)];
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const results: Result[] = [];
  const failures: unknown[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < count && failures.length === 0) {
      const index = started++;
      try {
        results[index] = await work(index, signal);
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, count) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
