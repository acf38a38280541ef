// Where two renderings part: the first differing place with what stands around it on both sides.

/** Undefined when equal. Places are byte offsets of the UTF-8 text. */
export function firstByteDifference(trainer: string, server: string): string | undefined {
  if (trainer === server) return undefined;
  const [a, b] = [Buffer.from(trainer), Buffer.from(server)];
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  // Lone surrogates become the same U+FFFD bytes: the strings differ, what a file would hold does not.
  if (at === a.length && at === b.length) return undefined;
  return `byte ${at}: trainer has ${excerpt(a, at)}, server has ${excerpt(b, at)}`;
}

/** Undefined when equal. Places are indices. */
export function firstIdDifference(trainer: readonly number[], server: readonly number[]): string | undefined {
  let at = 0;
  while (at < trainer.length && at < server.length && trainer[at] === server[at]) at++;
  if (at === trainer.length && at === server.length) return undefined;
  return `id ${at}: trainer has ${idsFrom(trainer, at)}, server has ${idsFrom(server, at)}`;
}

function excerpt(bytes: Buffer, at: number): string {
  if (at >= bytes.length) return "its end";
  // Not cut inside a character on the left, where the texts are still equal.
  let start = Math.max(0, at - 8);
  while (start < at && (bytes[start]! & 0xc0) === 0x80) start++;
  return JSON.stringify(bytes.subarray(start, at + 12).toString("utf8"));
}

function idsFrom(ids: readonly number[], at: number): string {
  if (at >= ids.length) return `its end (${ids.length} ids)`;
  return `[${ids.slice(at, at + 4).join(", ")}${at + 4 < ids.length ? ", …" : ""}]`;
}
