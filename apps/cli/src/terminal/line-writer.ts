// Lines of a busy server's log, written many at a time: a write for each request costs more than the line.
import type { Writable } from "node:stream";

export interface LineWriter {
  /** Takes one line without its end. */
  write(line: string): void;
  flush(): void;
}

const FLUSH_MS = 20;
const FLUSH_CHARS = 64 * 1024;
/** Of lines that nobody reads so many bytes wait; more are dropped and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** What waits is written at the process's end. */
export function createLineWriter(stream: Writable): LineWriter {
  let waiting = "";
  let numDropped = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === "") return;
    const text = waiting;
    waiting = "";
    if (stream.writableLength > MAX_WAITING_BYTES) {
      numDropped += text.split("\n").length - 1;
      return;
    }
    const note = numDropped === 0 ? "" : `(${numDropped} lines were dropped: nobody read them)\n`;
    numDropped = 0;
    stream.write(note + text);
  };
  process.on("exit", flush);
  return {
    write(line) {
      waiting += `${line}\n`;
      if (waiting.length >= FLUSH_CHARS) flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
    flush,
  };
}
