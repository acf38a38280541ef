/** Milliseconds of some clock. */
export type Clock = () => number;
/** Uniform in [0, 1). */
export type Random = () => number;

/**
 * The source without its steps back: where it jumps, time stands still for one reading and goes on from there,
 * so that nothing stays open for the hour by which somebody set a clock back.
 */
export function toMonotonic(source: Clock): Clock {
  let last = source();
  let offset = 0;
  return () => {
    const now = source();
    if (now < last) offset += last - now;
    last = now;
    return now + offset;
  };
}
