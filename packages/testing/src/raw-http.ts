// Clients that do what a polite client library would not: stop reading, send half, never stop sending.
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** One request on a connection of its own; the body goes out as given, or as JSON if it is an object. */
export function sendRequest(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer | object } = {},
): Promise<RawAnswer> {
  const { body } = options;
  const bytes =
    body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const headers = {
    connection: "close",
    ...(bytes === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(bytes) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const method = options.method ?? (bytes === undefined ? "GET" : "POST");
    const outgoing = request(url, { method, headers, agent: false }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on("error", reject);
    outgoing.end(bytes);
  });
}

/** A bare connection; `received` grows as bytes come, unless the socket is paused. */
export interface RawConnection {
  socket: Socket;
  readonly received: string;
  /** Settles when the other side has closed; a reset counts as closed. */
  closed: Promise<void>;
}

export async function openConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  return {
    socket,
    closed,
    get received() {
      return Buffer.concat(chunks).toString("utf8");
    },
  };
}

/** A POST of JSON as bytes for a bare connection. */
export function renderPost(path: string, body: object, headers = ""): string {
  const text = JSON.stringify(body);
  return (
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(text)}\r\n${headers}\r\n${text}`
  );
}

/** Waits until the condition holds; throws with the given words when it does not within `ms`. */
export async function waitUntil(what: string, condition: () => boolean, ms = 5000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain until ${what}`);
    await setTimeout(2);
  }
}
