// A provider on loopback that answers whatever its script says, and remembers what it was asked.
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  method: string;
  /** Query included. */
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

export interface ScriptedAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
  /** Sends the body in pieces of this many bytes. */
  pieceBytes?: number;
  /** After the body: end the answer (default), cut the connection, or keep it open. */
  ending?: "end" | "cut" | "hang";
}

export class ProviderUpstream {
  readonly requests: SeenRequest[] = [];
  /** Resolves when the client closes a connection whose answer was not over. */
  clientLeft: Promise<void> = Promise.resolve();
  #server = createServer((request, response) => void this.#answer(request, response));
  #next: ScriptedAnswer = {};
  #arrived: (() => void) | undefined;

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What every request from now on gets. */
  script(answer: ScriptedAnswer): void {
    this.#next = answer;
    this.requests.length = 0;
  }

  /** The next request has come whole. */
  nextRequest(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    this.requests.push({
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      body: text.startsWith("{") ? JSON.parse(text) : text,
    });
    this.clientLeft = new Promise((resolve) => {
      response.once("close", () => {
        if (!response.writableFinished) resolve();
      });
    });
    this.#arrived?.();
    const { status = 200, headers = {}, body = "", pieceBytes, ending = "end" } = this.#next;
    if (ending === "hang" && body.length === 0) return;
    response.writeHead(status, headers);
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += pieceBytes ?? bytes.length) {
      response.write(bytes.subarray(at, at + (pieceBytes ?? bytes.length)));
      if (pieceBytes !== undefined) await new Promise(setImmediate);
    }
    if (ending === "end") response.end();
    else if (ending === "cut") setImmediate(() => response.destroy());
  }
}
