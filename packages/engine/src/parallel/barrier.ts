// A barrier for worker threads on one Int32Array in shared memory. A participant that fails breaks it for
// ever, so that the others leave with an error instead of waiting for somebody who will not come.

const arrived = 0;
const generation = 1;
const broken = 2;
const spins = 2000;

/** Int32 elements that a barrier needs. */
export const barrierLength = 3;

/** Thrown in the others when one participant has failed; never the cause of anything. */
export class BrokenBarrierError extends Error {}

/** Returns when all `participants` have called it as often. Blocks the calling thread. */
export function waitAtBarrier(state: Int32Array<SharedArrayBuffer>, participants: number): void {
  const current = Atomics.load(state, generation);
  if (Atomics.add(state, arrived, 1) + 1 === participants) {
    Atomics.store(state, arrived, 0);
    Atomics.add(state, generation, 1);
    Atomics.notify(state, generation);
  } else {
    for (let k = 0; k < spins && Atomics.load(state, generation) === current; k++);
    while (Atomics.load(state, generation) === current) {
      if (Atomics.load(state, broken) !== 0) break;
      // The time limit only bounds how long a break can go unseen; waking up early changes nothing.
      Atomics.wait(state, generation, current, 100);
    }
  }
  if (Atomics.load(state, broken) !== 0) throw new BrokenBarrierError("another worker failed");
}

export function breakBarrier(state: Int32Array<SharedArrayBuffer>): void {
  Atomics.store(state, broken, 1);
  Atomics.notify(state, generation);
}
