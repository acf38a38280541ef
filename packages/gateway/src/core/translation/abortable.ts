// Ports promise to stop when their signal fires. One that overlooks it must not hold a request up for ever.

const GRACE_MS = 2_000;

/** Settles as the promise does; once the signal has fired, at the latest after a grace. */
export function withinGrace<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      timer = setTimeout(() => reject(signal.reason as Error), GRACE_MS);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error as Error);
      },
    );
  });
}

/** Parts until they end or the signal fires; what does not stop then is left behind after a grace. */
export async function* iterateUntilAborted<T>(
  parts: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = parts[Symbol.asyncIterator]();
  let isWaiting = false;
  try {
    for (;;) {
      isWaiting = true;
      const { done, value } = await withinGrace(iterator.next(), signal);
      isWaiting = false;
      signal.throwIfAborted();
      if (done) return;
      yield value as T;
    }
  } finally {
    // One that did not come back with its next part will not come back to end either.
    const end = iterator.return?.().catch(() => {});
    if (end && !isWaiting) await withinGrace(end, AbortSignal.abort()).catch(() => {});
  }
}

/** A stream's parts until it ends or the signal fires; then throws the signal's reason. Always cancels it. */
export async function* readUntilAborted<T>(
  stream: ReadableStream<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const reader = stream.getReader();
  const onAbort = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    await withinGrace(reader.cancel(), AbortSignal.abort()).catch(() => {});
  }
}
