/** Where an answer goes: the client's side of one request, without any word of HTTP. */
export interface Delivery {
  readonly requestId: string;
  /** Fires when the client has gone, or when whoever runs the server stops waiting. */
  readonly signal: AbortSignal;
  /** Names to add to the answer's head; only before the first byte. */
  annotate(name: string, value: string): void;
  /** The whole answer. Exactly one of `send` and `openStream` is called, once. */
  send(body: Uint8Array | string, contentType?: string): void;
  /** Commits to an answer that comes in parts. Call when the first part is ready. */
  openStream(contentType?: string): StreamSink;
}

export interface StreamSink {
  /** The promise, when there is one, settles once the client has taken what waited; it rejects when it left. */
  send(part: Uint8Array | string): Promise<void> | undefined;
  end(part?: Uint8Array | string): void;
}
