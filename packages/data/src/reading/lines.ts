const LINE_FEED = 10;

/**
 * The lines of a byte stream, without their line feeds. A line longer than `maxBytes` yields undefined in
 * its place and is never held.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Buffer | undefined> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let tooLong = false;
  const finish = (): Buffer | undefined => {
    const line = tooLong ? undefined : Buffer.concat(held, heldBytes);
    held = [];
    heldBytes = 0;
    tooLong = false;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    while (start < chunk.length) {
      const feed = chunk.indexOf(LINE_FEED, start);
      const end = feed < 0 ? chunk.length : feed;
      if (!tooLong && heldBytes + end - start > maxBytes) {
        tooLong = true;
        held = [];
        heldBytes = 0;
      }
      if (!tooLong && end > start) {
        held.push(chunk.subarray(start, end));
        heldBytes += end - start;
      }
      if (feed < 0) break;
      yield finish();
      start = feed + 1;
    }
  }
  if (heldBytes > 0 || tooLong) yield finish();
}
