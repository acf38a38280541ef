// A JSONL file that we wrote ourselves, line by line.
import { createReadStream } from "node:fs";
import { splitLines } from "./lines.ts";

/** Each line's value, in order. Throws on a line that is no JSON: for our own, already verified files. */
export async function* readJsonLines(path: string, maxLineBytes: number): AsyncGenerator<unknown> {
  for await (const line of splitLines(createReadStream(path, { highWaterMark: 1 << 18 }), maxLineBytes)) {
    if (line === undefined) throw new Error(`${path}: a line longer than ${maxLineBytes} bytes`);
    if (line.length > 0) yield JSON.parse(line.toString("utf8"));
  }
}
