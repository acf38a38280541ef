// Bytes → text, or why they are none.

const SNIFFED_BYTES = 8192;
const strict = new TextDecoder("utf-8", { fatal: true });

/** The text without a byte order mark; as a reason when the bytes are binary or no UTF-8. */
export function decodeText(bytes: Buffer): { text: string } | { reason: string } {
  // Git's own test for binary files; UTF-16 falls under it too.
  if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return { reason: "binary" };
  try {
    return { text: strict.decode(bytes) };
  } catch {
    return { reason: "invalid UTF-8" };
  }
}
