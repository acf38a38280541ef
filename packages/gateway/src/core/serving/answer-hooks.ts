// Hooks around one request. Before: what they return is parsed as if the client had sent it. After: the whole
// answer is held until they have allowed it; of a stream that is not held they only see what the client had.
import { HomegrownError } from "@homegrown/contracts";
import type { HookChain } from "../../hooks/hook-chain.ts";
import type { HookContext } from "../../hooks/hook.ts";
import type { Delivery } from "../delivery.ts";
import { assembleAnswer } from "../dialects/assemble-answer.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import type { Recording } from "../running/recording.ts";
import { HeldDelivery } from "./held-delivery.ts";

export class AnswerHooks {
  readonly #chain: HookChain;
  readonly #delivery: Delivery;
  readonly #caller: Key;

  constructor(chain: HookChain, delivery: Delivery, caller: Key) {
    this.#chain = chain;
    this.#delivery = delivery;
    this.#caller = caller;
  }

  /** The request to go on with. Throws `gateway/refused-by-hook` or `gateway/hook-failed`. */
  async before(request: ModelRequest): Promise<ModelRequest> {
    if (!this.#chain.hasBefore) return request;
    const { value, replaced } = await this.#chain.runBefore(this.#context(request), request.body);
    if (!replaced) return request;
    if (request.reparse) return request.reparse(value);
    throw new HomegrownError({
      code: "gateway/hook-unsupported",
      kind: "invalid-input",
      message: "A hook wants to change this request, but files cannot be changed by hooks.",
      hint: "Take the hook off this route, or send no files over it.",
    });
  }

  /** Where the core delivers to while hooks on the answer still have to be asked; undefined where none must be. */
  hold(request: ModelRequest, maxBytes: number): HeldDelivery | undefined {
    const holds = this.#chain.hasAfter && (!request.stream || this.#chain.buffersStreams);
    return holds ? new HeldDelivery(this.#delivery, maxBytes, () => tooLarge(maxBytes)) : undefined;
  }

  /** Shows a held answer to the hooks and lets it go. Throws `gateway/refused-by-hook` or `gateway/hook-failed`. */
  async release(request: ModelRequest, held: HeldDelivery): Promise<void> {
    const answer = assembleAnswer(request.dialect, request.stream, held.bytes());
    const { value, replaced } = await this.#chain.runAfter(this.#context(request), answer);
    if (!replaced) return held.release();
    // The parts of a stream cannot be changed to match a changed answer.
    if (request.stream) throw cannotChangeStream();
    // What was stored of the answer before it was changed must not be found later.
    request.onPassedThrough?.(value);
    held.release(JSON.stringify(value));
  }

  /** For streams that were not held. */
  get observes(): boolean {
    return this.#chain.hasAfter;
  }

  observe(request: ModelRequest, recording: Recording): void {
    const bytes = recording.bytes();
    if (bytes === undefined) return;
    const answer = assembleAnswer(request.dialect, request.stream, bytes);
    this.#chain.observeAfter(this.#context(request), answer, bytes.length);
  }

  #context({ alias, dialect }: ModelRequest): HookContext {
    const { requestId, signal } = this.#delivery;
    const { id, name } = this.#caller;
    return { requestId, signal, alias, dialect, key: { id, name } };
  }
}

function tooLarge(maxBytes: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/answer-too-large-to-check",
    kind: "unavailable",
    message: `The answer is larger than the ${maxBytes} bytes that can be held for this route's checks.`,
    hint: "Ask for a shorter answer.",
  });
}

function cannotChangeStream(): HomegrownError {
  return new HomegrownError({
    code: "gateway/refused-by-hook",
    kind: "invalid-input",
    message: "A check of this gateway wants to change the answer, which it cannot do to a stream.",
    hint: "Send the request again without streaming.",
  });
}
