// A long text in parts of bounded size, cut where a paragraph ends, or failing that a line, or a character.

export interface TextPart {
  bytes: Buffer;
  /** Nothing follows. */
  last: boolean;
}

/** Parts of at most `maxBytes`, joined again they are the input. */
export async function* splitParts(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<TextPart> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    while (heldBytes > maxBytes) {
      const all = Buffer.concat(held, heldBytes);
      const cut = findCut(all, maxBytes);
      yield { bytes: all.subarray(0, cut), last: false };
      held = [all.subarray(cut)];
      heldBytes -= cut;
    }
  }
  if (heldBytes > 0) yield { bytes: Buffer.concat(held, heldBytes), last: true };
}

function findCut(bytes: Buffer, maxBytes: number): number {
  // Not before the middle: small parts would cost more in context than a rough cut does.
  const paragraph = bytes.lastIndexOf("\n\n", maxBytes - 2);
  if (paragraph >= maxBytes / 2) return paragraph + 2;
  const line = bytes.lastIndexOf("\n", maxBytes - 1);
  if (line >= maxBytes / 2) return line + 1;
  let cut = maxBytes;
  // 10xxxxxx continues a UTF-8 sequence.
  while (cut > maxBytes - 4 && (bytes[cut]! & 0xc0) === 0x80) cut--;
  return cut;
}
