// Everything that an upstream can do wrong, by name. Each gets the answer that would have been right.
import { randomFillSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ScriptedProtocol, WireError } from "./protocol.ts";

export interface RightAnswer {
  protocol: ScriptedProtocol;
  streams: boolean;
  contentType: string;
  /** Events of a stream, or one part: the whole answer. */
  parts: readonly Buffer[];
  response: ServerResponse;
  /** Tells that a part has been sent. */
  sent: (index: number) => void;
  /** Where a redirect would lead; nobody may follow. */
  redirectTo: string;
}

type Fault = (answer: RightAnswer) => Promise<void> | void;

const MEGABYTE = 1 << 20;
const STATUS = /^(4\d\d|5\d\d)(?:-retry-after-(\d+))?$/;

export function isFault(name: string): boolean {
  return Object.hasOwn(FAULTS, name) || STATUS.test(name);
}

export async function runFault(name: string, answer: RightAnswer): Promise<void> {
  const status = STATUS.exec(name);
  if (status) return sendStatus(answer, Number(status[1]), status[2]);
  await FAULTS[name]!(answer);
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  "reset-before-head": ({ response }) => void response.socket?.resetAndDestroy(),
  "close-before-head": ({ response }) => void response.socket?.destroy(),
  "hang-before-head": () => {},
  "hang-after-head": (answer) => openHead(answer).flushHeaders(),
  "hang-mid-stream": async (answer) => void (await sendHalf(answer)),
  "reset-mid-stream": async (answer) => {
    await sendHalf(answer);
    answer.response.socket?.resetAndDestroy();
  },
  "close-mid-stream": async (answer) => {
    await sendHalf(answer);
    answer.response.socket?.destroy();
  },
  /** The answer stops in its middle, and HTTP says that all is well. */
  "end-mid-stream": async (answer) => {
    await sendHalf(answer);
    answer.response.end();
  },
  "half-event": async (answer) => {
    const next = await sendHalf(answer);
    const { parts, response } = answer;
    const cut = parts[next];
    if (cut) response.write(cut.subarray(0, cut.length >> 1));
    response.end();
  },
  "200-error": (answer) => {
    const { protocol, response, streams } = answer;
    openHead(answer);
    response.end(streams ? protocol.errorEvent(OVERLOADED) : JSON.stringify(protocol.error(OVERLOADED)));
  },
  /** To a stream as well: one JSON object, under a status that says 200. */
  "200-error-json": ({ protocol, response }) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(protocol.error(OVERLOADED)));
  },
  "error-mid-stream": async (answer) => {
    await sendHalf(answer);
    const { protocol, response, streams } = answer;
    response.end(streams ? protocol.errorEvent(OVERLOADED) : undefined);
  },
  "junk-10mb": (answer) => sendJunk(answer, () => randomFillSync(Buffer.alloc(MEGABYTE))),
  /** Without a line feed: one event that never ends. */
  "long-line-10mb": (answer) => sendJunk(answer, () => Buffer.alloc(MEGABYTE, "x")),
  /** The event in the middle of the answer, a delta, for ever. */
  endless: (answer) => sendEndless(answer, answer.parts[answer.parts.length >> 1]!),
  /** Before anything else. */
  "endless-comments": (answer) => sendEndless({ ...answer, parts: [] }, Buffer.from(": still here\n\n")),
  "endless-spaces": (answer) => sendEndless({ ...answer, parts: [] }, Buffer.alloc(65_536, " ")),
  "bad-utf8": (answer) => {
    const { parts, response } = answer;
    openHead(answer);
    parts.forEach((part, index) => {
      response.write(index === parts.length >> 1 ? spoil(part) : part);
    });
    response.end();
  },
  "byte-per-chunk": async (answer) => {
    const { parts, response, sent } = answer;
    openHead(answer);
    for (const [index, part] of parts.entries()) {
      for (let at = 0; at < part.length && !response.destroyed; at++) {
        response.write(part.subarray(at, at + 1));
        if (at % 8 === 0) await new Promise(setImmediate);
      }
      sent(index);
    }
    response.end();
  },
  html: ({ response }) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<!doctype html><title>Welcome to nginx!</title>");
  },
  "html-502": ({ response }) => {
    response.writeHead(502, { "content-type": "text/html" });
    response.end("<html><body><h1>502 Bad Gateway</h1></body></html>");
  },
  /** The right bytes under the wrong name. */
  "wrong-type": ({ parts, response }) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.end(Buffer.concat(parts));
  },
  redirect: ({ response, redirectTo }) => {
    response.writeHead(302, { location: redirectTo });
    response.end();
  },
  empty: (answer) => void openHead(answer).end(),
  "long-head": ({ response }) => {
    response.writeHead(200, { "content-type": "application/json", "x-long": "x".repeat(200_000) });
    response.end("{}");
  },
  /** Not HTTP at all. */
  "no-http": ({ response }) => void response.socket?.end("SSH-2.0-OpenSSH_9.7\r\n"),
};

const OVERLOADED: WireError = { status: 529, message: "Overloaded, as scripted." };

function openHead({ response, contentType }: RightAnswer): ServerResponse {
  return response.writeHead(200, { "content-type": contentType });
}

function sendStatus(
  { protocol, response }: RightAnswer,
  status: number,
  retryAfter: string | undefined,
): void {
  response.writeHead(status, {
    "content-type": "application/json",
    ...(retryAfter !== undefined && { "retry-after": retryAfter }),
  });
  response.end(JSON.stringify(protocol.error({ status, message: `Status ${status}, as scripted.` })));
}

/** The first half of the events, or of the whole answer's bytes; returns the next event's index. */
async function sendHalf(answer: RightAnswer): Promise<number> {
  const { parts, response, sent } = answer;
  openHead(answer);
  const half = parts.length >> 1;
  for (let index = 0; index < half; index++) {
    response.write(parts[index]);
    sent(index);
  }
  if (parts.length === 1) response.write(parts[0]!.subarray(0, parts[0]!.length >> 1));
  // What was sent must be on its way before a reset throws it away.
  await new Promise((resolve) => setTimeout(resolve, 30));
  return half;
}

async function sendJunk(answer: RightAnswer, make: () => Buffer): Promise<void> {
  const { response } = answer;
  openHead(answer);
  for (let megabyte = 0; megabyte < 10 && !response.destroyed; megabyte++) await write(response, make());
  response.end();
}

/** After the first half of a stream, for as long as somebody reads, and no faster. */
async function sendEndless(answer: RightAnswer, part: Buffer): Promise<void> {
  const { response, parts, streams, sent } = answer;
  openHead(answer);
  const half = streams ? parts.length >> 1 : 0;
  for (let index = 0; index < half; index++) {
    response.write(parts[index]);
    sent(index);
  }
  const block = Buffer.concat(Array<Buffer>(Math.max(1, Math.floor(16_384 / part.length))).fill(part));
  while (!response.destroyed) await write(response, block);
}

function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.write(bytes)) return new Promise(setImmediate);
  return new Promise((resolve) => {
    const go = (): void => {
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.on("drain", go).on("close", go);
  });
}

/** Puts bytes that UTF-8 does not know at the beginning of a text. */
function spoil(part: Buffer): Buffer {
  const text = /"(?:content|text|delta)":"/.exec(part.toString("latin1"));
  const from = text ? text.index + text[0].length : part.length >> 1;
  return Buffer.concat([part.subarray(0, from), Buffer.from([0xc3, 0x28, 0xff]), part.subarray(from)]);
}
