// The request's bytes for a target that speaks the protocol itself. It never stores: what is kept is kept here,
// under the organisation's own retention. So the target gets the whole conversation each time.
import type { RequestBytes } from "../../../core/model-request.ts";
import type { Conversation } from "./conversation.ts";
import type { ItemSurvey } from "./item-survey.ts";
import type { Item } from "./messages.ts";
import { isEnvelope, openReasoning } from "./reasoning-envelope.ts";
import type { ResponsesBody } from "./request.ts";

export interface PassthroughPlan {
  conversation: Conversation;
  survey: ItemSurvey;
  /** The answer will be stored here. */
  keeps: boolean;
}

type Changes = Readonly<Record<string, unknown>>;

/** What has to change is found out only when bytes are asked for. */
export function toPassthroughBytes(
  bytes: RequestBytes,
  body: ResponsesBody,
  plan: PassthroughPlan,
): RequestBytes {
  return new PassableBytes(bytes, () => changesOf(body, plan));
}

class PassableBytes implements RequestBytes {
  readonly #bytes: RequestBytes;
  readonly #findChanges: () => Changes;
  #changes: Changes | undefined;

  constructor(bytes: RequestBytes, findChanges: () => Changes) {
    this.#bytes = bytes;
    this.#findChanges = findChanges;
  }

  get contentType(): string {
    return this.#bytes.contentType;
  }

  get headers(): RequestBytes["headers"] {
    return this.#bytes.headers;
  }

  get raw(): Buffer {
    const changes = this.#known();
    return Object.keys(changes).length === 0 ? this.#bytes.raw : this.#bytes.edit(changes);
  }

  edit(more: Changes): Buffer {
    return this.#bytes.edit({ ...this.#known(), ...more });
  }

  #known(): Changes {
    return (this.#changes ??= this.#findChanges());
  }
}

function changesOf(body: ResponsesBody, { conversation, survey, keeps }: PassthroughPlan): Changes {
  const changes: Record<string, unknown> = {};
  if (body.store !== false) changes["store"] = false;
  if (conversation.items !== conversation.ownItems || survey.hasEnvelopes) {
    changes["input"] = toForeignItems(conversation.items);
    if (body.previous_response_id) changes["previous_response_id"] = undefined;
  }
  // A later turn can hand thoughts back only sealed, and models that do not think refuse to seal them.
  if (keeps && body.reasoning && !body.include?.includes(SEALED)) {
    changes["include"] = [...(body.include ?? []), SEALED];
  }
  return changes;
}

const SEALED = "reasoning.encrypted_content";

/**
 * Items that another server can read. Reasoning that this gateway sealed, or that shows nothing, is left out; a server that
 * knows the ids of the items around it would miss it, so they go as well.
 */
export function toForeignItems(items: readonly Item[]): Item[] {
  const readable: Item[] = [];
  for (const item of items) {
    if (item["type"] !== "reasoning") {
      readable.push(item);
      continue;
    }
    const sealed = item["encrypted_content"];
    if (typeof sealed !== "string") {
      // Servers of open models show their thoughts, and read them back.
      if (Array.isArray(item["content"]) && item["content"].length > 0) readable.push(item);
      continue;
    }
    if (!isEnvelope(sealed)) {
      readable.push(item);
      continue;
    }
    const theirs = openReasoning(sealed)?.metadata["openai"]?.["reasoningEncryptedContent"];
    if (theirs !== undefined) readable.push({ ...item, encrypted_content: theirs });
  }
  if (readable.length === items.length) return readable;
  return readable.map((item) => {
    if (item["type"] === "reasoning" || item["id"] === undefined) return item;
    const { id: _id, ...anonymous } = item;
    return anonymous;
  });
}
