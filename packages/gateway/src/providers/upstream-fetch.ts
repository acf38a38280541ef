// `fetch` as the provider packages need it, over undici's dispatcher: a third of the CPU of the global one
// (docs/decisions/0013). It posts and nothing else, follows no redirect, decodes no content encoding, and bounds
// what it reads.
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Dispatcher } from "undici";
import { toTransportFault, TransportFault } from "./transport-fault.ts";
import { UpstreamBody } from "./upstream-body.ts";

export interface UpstreamFetchOptions {
  dispatcher: Dispatcher;
  /** Until the answer's head. The core's own timeouts are shorter; this is the last resort. Default 10 minutes. */
  headersTimeoutMs?: number;
  /** Between two pieces of the answer. Default 5 minutes. */
  bodyTimeoutMs?: number;
  /** Default 64 MiB, streams included. */
  maxResponseBytes?: number;
}

type RequestBody = string | Uint8Array | Readable | null;

/** Connect timeouts are the dispatcher's. Rejects with `TransportFault`, or with the signal's reason. */
export function createUpstreamFetch(options: UpstreamFetchOptions): typeof globalThis.fetch {
  const { dispatcher, headersTimeoutMs = 600_000, bodyTimeoutMs = 300_000 } = options;
  const maxResponseBytes = options.maxResponseBytes ?? 64 * 1024 * 1024;

  return async function upstreamFetch(input, init = {}) {
    // Calls of models are posts. A package that gets something wants a file at an address that a client chose;
    // whoever fetches that for a stranger opens the inside of the network to him.
    if (init.method !== "POST") {
      throw new TransportFault("rejected", "files are not fetched from addresses; send the file itself");
    }
    const url = typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
    const pathStart = url.indexOf("/", url.indexOf("://") + 3);
    const origin = pathStart < 0 ? url : url.slice(0, pathStart);
    const path = pathStart < 0 ? "/" : url.slice(pathStart);
    const headers = toHeaderRecord(init.headers);
    const body = isPlain(init.body) ? (init.body ?? null) : await encodeBody(init.body, headers);

    return new Promise<Response>((resolve, reject) => {
      const signal = init.signal ?? undefined;
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      let controller: Dispatcher.DispatchController | undefined;
      let answer: UpstreamBody | undefined;
      let received = 0;
      const settle = (error: Error): void => {
        signal?.removeEventListener("abort", onAbort);
        if (answer === undefined) reject(error);
        else answer.fail(error);
      };
      const stop = (error: Error): void => {
        settle(error);
        controller?.abort(error);
      };
      const onAbort = (): void => stop(signal!.reason as Error);
      signal?.addEventListener("abort", onAbort, { once: true });

      const handler: Dispatcher.DispatchHandler = {
        onRequestStart(started) {
          controller = started;
          if (signal?.aborted) started.abort(signal.reason as Error);
        },
        onResponseStart(started, status, responseHeaders) {
          if (status < 200) return;
          const fault = unacceptable(status, responseHeaders);
          if (fault !== undefined) {
            stop(fault);
            return;
          }
          answer = new UpstreamBody(started);
          resolve(toResponse(url, status, responseHeaders, answer));
        },
        onResponseData(_, chunk) {
          received += chunk.length;
          if (received > maxResponseBytes) {
            stop(new TransportFault("too-large", `the answer is larger than ${maxResponseBytes} bytes`));
          } else {
            answer?.push(chunk);
          }
        },
        onResponseEnd() {
          signal?.removeEventListener("abort", onAbort);
          answer?.end();
        },
        onResponseError(_, error) {
          settle(signal?.aborted ? (signal.reason as Error) : (toTransportFault(error) ?? error));
        },
      };
      try {
        dispatcher.dispatch(
          {
            origin,
            path,
            method: "POST",
            headers,
            body,
            headersTimeout: headersTimeoutMs,
            bodyTimeout: bodyTimeoutMs,
          },
          handler,
        );
      } catch (error) {
        settle(error as Error);
      }
    });
  };
}

function unacceptable(
  status: number,
  headers: Dispatcher.ResponseData["headers"],
): TransportFault | undefined {
  if (status >= 300 && status < 400) {
    return new TransportFault("redirect", `answered ${status}; redirects are not followed`);
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return new TransportFault("malformed", "the answer is compressed although nothing asked for that");
  }
  if (status < 300 && /^\s*text\/html\b/i.test(String(headers["content-type"] ?? ""))) {
    return new TransportFault("malformed", "a web page came instead of an answer");
  }
  return undefined;
}

function isPlain(body: unknown): body is string | Uint8Array | null | undefined {
  return typeof body === "string" || body === undefined || body === null || body instanceof Uint8Array;
}

async function encodeBody(body: RequestInit["body"], headers: Record<string, string>): Promise<RequestBody> {
  if (body instanceof ReadableStream) return Readable.fromWeb(body as unknown as NodeReadableStream);
  const encoded = new Response(body);
  const contentType = encoded.headers.get("content-type");
  if (contentType !== null) headers["content-type"] = contentType;
  return new Uint8Array(await encoded.arrayBuffer());
}

function toHeaderRecord(headers: RequestInit["headers"]): Record<string, string> {
  if (headers === undefined) return {};
  if (headers instanceof Headers || Array.isArray(headers)) return Object.fromEntries(headers);
  return headers as Record<string, string>;
}

/** Lower-case names in one object, with as much of `Headers` as anybody asks for. */
class UpstreamHeaders {
  #values: Dispatcher.ResponseData["headers"];
  constructor(values: Dispatcher.ResponseData["headers"]) {
    this.#values = values;
  }
  get(name: string): string | null {
    const value = this.#values[name.toLowerCase()];
    return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
  }
  has(name: string): boolean {
    return this.#values[name.toLowerCase()] !== undefined;
  }
  *entries(): Generator<[string, string]> {
    for (const name in this.#values) yield [name, this.get(name)!];
  }
  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of this.entries()) visit(value, name);
  }
  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }
}

function toResponse(
  url: string,
  status: number,
  headers: Dispatcher.ResponseData["headers"],
  body: UpstreamBody,
): Response {
  const text = async (): Promise<string> => (await body.readAll()).toString("utf8");
  return {
    url,
    status,
    statusText: `status ${status}`,
    ok: status < 300,
    redirected: false,
    type: "basic",
    bodyUsed: false,
    headers: new UpstreamHeaders(headers),
    body,
    text,
    json: async () => JSON.parse(await text()) as unknown,
    bytes: () => body.readAll(),
    arrayBuffer: async () => new Uint8Array(await body.readAll()).buffer,
    blob: async () => new Blob([new Uint8Array(await body.readAll())]),
  } as unknown as Response;
}
