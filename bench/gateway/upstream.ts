// The provider of this bench: answers in a few microseconds, so that what is measured is the gateway before it.
// Written on bare sockets, because a framework would take the core that the load needs.
//   node bench/gateway/upstream.ts PORT
// Paths begin with what is asked: /d0 answers at once, /d20 after 20 ms; /sN streams 100 chunks N ms apart,
// each with the moment it was sent as its text (nanoseconds of the monotonic clock, which processes share).
// Behind that, OpenAI's and Anthropic's paths.
import { createServer } from "node:net";
import type { Socket } from "node:net";

const NUM_CHUNKS = 100;
const TEXT = "The upstream of the bench says hello. ".repeat(6).slice(0, 200);
const HEAD_END = Buffer.from("\r\n\r\n");
const counts = { requests: 0, streams: 0, cancelled: 0, inputTokens: 0, outputTokens: 0 };

const OPENAI_ANSWER = toAnswer({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "bench-model",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: TEXT, refusal: null },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: {
    prompt_tokens: 500,
    completion_tokens: 40,
    total_tokens: 540,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
  system_fingerprint: "fp_bench",
});
const ANTHROPIC_ANSWER = toAnswer({
  id: "msg_bench",
  type: "message",
  role: "assistant",
  model: "bench-model",
  content: [{ type: "text", text: TEXT }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: {
    input_tokens: 500,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 40,
  },
});
const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";

interface StreamShape {
  start: string;
  chunk(text: string): string;
  end: string;
}

const OPENAI_HEAD =
  'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench-model","system_fingerprint":"fp_bench","choices":';
const OPENAI_STREAM: StreamShape = {
  start: `${OPENAI_HEAD}[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n`,
  chunk: (text) =>
    `${OPENAI_HEAD}[{"index":0,"delta":{"content":"${text} "},"logprobs":null,"finish_reason":null}]}\n\n`,
  end:
    `${OPENAI_HEAD}[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n` +
    `${OPENAI_HEAD}[],"usage":{"prompt_tokens":500,"completion_tokens":100,"total_tokens":600}}\n\ndata: [DONE]\n\n`,
};
const event = (type: string, fields: string): string =>
  `event: ${type}\ndata: {"type":"${type}"${fields}}\n\n`;
const ANTHROPIC_STREAM: StreamShape = {
  start:
    event(
      "message_start",
      ',"message":{"id":"msg_bench","type":"message","role":"assistant","model":"bench-model","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":500,"output_tokens":1}}',
    ) + event("content_block_start", ',"index":0,"content_block":{"type":"text","text":""}'),
  chunk: (text) => event("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":"${text} "}`),
  end:
    event("content_block_stop", ',"index":0') +
    event(
      "message_delta",
      ',"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":100}',
    ) +
    event("message_stop", ""),
};

function toAnswer(body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function toChunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function answer(socket: Socket, path: string, body: Buffer): void {
  if (path === "/counts") {
    socket.write(toAnswer(counts));
    return;
  }
  if (!path.includes("/chat/completions") && !path.includes("/messages")) {
    // Collectors of traces and metrics are sent here, too.
    socket.write(toAnswer({}));
    return;
  }
  const delayMs = path.startsWith("/d20") ? 20 : 0;
  const isAnthropic = path.includes("/messages");
  const streams = body.includes('"stream":true') || body.includes('"stream": true');
  counts.requests++;
  counts.inputTokens += 500;
  counts.outputTokens += streams ? 100 : 40;
  if (streams) {
    counts.streams++;
    const gapMs = Number(/^\/s(\d+)/.exec(path)?.[1] ?? 0);
    stream(socket, isAnthropic ? ANTHROPIC_STREAM : OPENAI_STREAM, gapMs);
    return;
  }
  const bytes = isAnthropic ? ANTHROPIC_ANSWER : OPENAI_ANSWER;
  if (delayMs === 0) socket.write(bytes);
  else setTimeout(() => socket.write(bytes), delayMs);
}

function stream(socket: Socket, shape: StreamShape, gapMs: number): void {
  socket.write(STREAM_HEAD + toChunk(shape.start));
  let sent = 0;
  const next = (): boolean => {
    if (socket.destroyed) {
      counts.cancelled++;
      return false;
    }
    socket.write(toChunk(shape.chunk(String(process.hrtime.bigint()))));
    if (++sent < NUM_CHUNKS) return true;
    socket.write(`${toChunk(shape.end)}0\r\n\r\n`);
    return false;
  };
  if (gapMs === 0) {
    while (next());
    return;
  }
  next();
  const timer = setInterval(() => {
    if (!next()) clearInterval(timer);
  }, gapMs);
}

const server = createServer((socket) => {
  let pending: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (data: Buffer) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    for (;;) {
      const headEnd = pending.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const head = pending.toString("latin1", 0, headEnd);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
        // Some gateways send their body in chunks; it ends with an empty one.
        const last = pending.indexOf("\r\n0\r\n\r\n", headEnd);
        if (last < 0) return;
        answer(socket, head.split(" ", 2)[1]!, pending.subarray(headEnd + 4, last));
        pending = pending.subarray(last + 7);
        continue;
      }
      if (pending.length < end) return;
      answer(socket, head.split(" ", 2)[1]!, pending.subarray(headEnd + 4, end));
      pending = pending.subarray(end);
    }
  });
});
server.listen(Number(process.argv[2] ?? 9100), "127.0.0.1", () => console.log("ready"));
