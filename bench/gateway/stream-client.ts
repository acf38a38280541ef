// Reads streams whose chunks carry the moment they were sent, and prints what each took to arrive.
//   node bench/gateway/stream-client.ts JSON   { url, body, headers, streams, total }
// `streams` run at once until `total` are done. Bare sockets: the client must not be the slowest part.
import { connect } from "node:net";

interface Task {
  url: string;
  body: string;
  headers: Record<string, string>;
  streams: number;
  total: number;
}

const task = JSON.parse(process.argv[2]!) as Task;
const { hostname, port, pathname } = new URL(task.url);
const headers = Object.entries({
  host: `${hostname}:${port}`,
  "content-type": "application/json",
  "content-length": String(Buffer.byteLength(task.body)),
  ...task.headers,
});
const request = `POST ${pathname} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${task.body}`;
const STAMP = /"(?:content|text)":"(\d{9,}) "/g;
const ENDS = ["0\r\n\r\n", "[DONE]", "message_stop"];

const chunkMs: number[] = [];
const firstMs: number[] = [];
let numErrors = 0;
let firstError: string | undefined;
let left = task.total;

function runOne(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const startedAt = process.hrtime.bigint();
    let text = "";
    let numChunks = 0;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      if (numChunks < 100) {
        numErrors++;
        firstError ??= `${numChunks} chunks; ${text.slice(0, 200)}`;
      }
      socket.destroy();
      resolve();
    };
    socket.setNoDelay(true);
    socket.on("connect", () => socket.write(request));
    socket.on("data", (data: Buffer) => {
      const now = process.hrtime.bigint();
      text += data.toString("latin1");
      let last = 0;
      for (const match of text.matchAll(STAMP)) {
        if (numChunks++ === 0) firstMs.push(Number(now - startedAt) / 1e6);
        chunkMs.push(Number(now - BigInt(match[1]!)) / 1e6);
        last = match.index + match[0].length;
      }
      text = text.slice(last);
      if (ENDS.some((mark) => text.includes(mark)) && numChunks >= 100) end();
    });
    socket.on("error", end);
    socket.on("close", end);
  });
}

const startedAt = performance.now();
await Promise.all(
  Array.from({ length: task.streams }, async () => {
    while (left-- > 0) await runOne();
  }),
);
const seconds = (performance.now() - startedAt) / 1000;
const quantile = (values: number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
};
console.log(
  JSON.stringify({
    numStreams: task.total,
    numErrors,
    firstError,
    chunksPerSecond: chunkMs.length / seconds,
    firstChunkMs: [0.5, 0.95, 0.99].map((q) => quantile(firstMs, q)),
    chunkMs: [0.5, 0.95, 0.99].map((q) => quantile(chunkMs, q)),
  }),
);
process.exit(0);
