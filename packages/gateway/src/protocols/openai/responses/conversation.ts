// What a request continues: the turns behind `previous_response_id`, and items that it names by id only. A
// turn's instructions are not carried over, as OpenAI documents.
import { HomegrownError } from "@homegrown/contracts";
import type { StoredResponse } from "../../../stored-responses/response-store.ts";
import { invalidRequest } from "../invalid-request.ts";
import type { Item } from "./messages.ts";
import type { ResponsesBody, ResponsesContext } from "./request.ts";

export interface Conversation {
  /** All of it, oldest first, nothing named by id. */
  items: readonly Item[];
  /** What this request brought, as it came. */
  ownItems: readonly Item[];
  /** Length of what this request did not bring itself, as JSON. */
  numEarlierBytes: number;
  /** What routing kept the earlier turns together by. */
  stickiness: string | undefined;
}

const MAX_REFERENCES = 2000;
const MAX_REFERRED_BYTES = 32 * 1024 * 1024;

/** Throws `gateway/previous-response-not-found`, `gateway/item-not-found`, `gateway/conversation-too-long`. */
export async function expandConversation(
  body: ResponsesBody,
  context: ResponsesContext,
): Promise<Conversation> {
  const { input, previous_response_id: previousId } = body;
  if ((input === null || input === undefined) && !previousId) {
    throw invalidRequest(
      "input",
      "missing",
      "The required parameter 'input' is missing.",
      "Give 'input' a string or a list of items.",
    );
  }
  const ownItems: readonly Item[] =
    typeof input === "string" ? [{ type: "message", role: "user", content: input }] : (input ?? []);
  if (!previousId && !ownItems.some(isReference)) {
    return { items: ownItems, ownItems, numEarlierBytes: 0, stickiness: undefined };
  }
  const turns = previousId ? await loadTurns(previousId, context) : [];
  const items = [...turns.flatMap(itemsOf), ...ownItems];
  const resolver = new ReferenceResolver(items, context);
  let numEarlierBytes = turns.reduce((sum, turn) => sum + numBytesOf(turn), 0);
  const resolved: Item[] = [];
  for (const [index, item] of items.entries()) {
    if (!isReference(item)) {
      resolved.push(item);
      continue;
    }
    const referred = await resolver.resolve(String(item["id"]), index - items.length + ownItems.length);
    // What the earlier turns hold is there already.
    if (referred === undefined) continue;
    numEarlierBytes += Buffer.byteLength(JSON.stringify(referred));
    if (numEarlierBytes > MAX_REFERRED_BYTES) throw tooManyReferences();
    resolved.push(referred);
  }
  return { items: resolved, ownItems, numEarlierBytes, stickiness: turns.at(-1)?.conversation };
}

/** `{type: "item_reference", id}`; OpenAI lets the type be left out. */
function isReference(item: Item): boolean {
  const type = item["type"];
  return (
    type === "item_reference" ||
    ((type === undefined || type === null) && typeof item["id"] === "string" && item["role"] === undefined)
  );
}

async function loadTurns(
  id: string,
  { caller, store }: ResponsesContext,
): Promise<readonly StoredResponse[]> {
  const turns = await store?.chain(caller.id, id);
  if (turns !== undefined) return turns;
  throw new HomegrownError({
    code: "gateway/previous-response-not-found",
    kind: "invalid-input",
    message: `Previous response with id '${toPlainId(id)}' not found.`,
    hint: "Responses are kept for the key that made them, until they are deleted or their retention is over: send the conversation in 'input'.",
    details: { param: "previous_response_id" },
  });
}

export function itemsOf({ input, response }: StoredResponse): Item[] {
  return [...(JSON.parse(input) as Item[]), ...outputOf(response)];
}

function outputOf(response: string): Item[] {
  const { output } = JSON.parse(response) as { output?: unknown };
  return Array.isArray(output) ? (output as Item[]) : [];
}

/** A little too much where an answer repeats tools and instructions: they are bounded from above. */
function numBytesOf({ input, response }: StoredResponse): number {
  return Buffer.byteLength(input) + Buffer.byteLength(response);
}

class ReferenceResolver {
  readonly #context: ResponsesContext;
  readonly #present: ReadonlySet<unknown>;
  /** Items of answers that were loaded: most references of a request are into the same few. */
  readonly #known = new Map<string, Item>();
  #numReferences = 0;

  constructor(items: readonly Item[], context: ResponsesContext) {
    this.#context = context;
    this.#present = new Set(items.filter((item) => !isReference(item)).map((item) => item["id"]));
  }

  /** Undefined for an item that the conversation holds already. `index` is its place in the request's input. */
  async resolve(id: string, index: number): Promise<Item | undefined> {
    if (this.#present.has(id)) return undefined;
    if (++this.#numReferences > MAX_REFERENCES) throw tooManyReferences();
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const { caller, store } = this.#context;
    const found = id.length <= 256 ? await store?.findItem(caller.id, id) : undefined;
    for (const item of found === undefined ? [] : outputOf(found.response)) {
      if (typeof item["id"] === "string") this.#known.set(item["id"], item);
    }
    const item = this.#known.get(id);
    if (item !== undefined) return item;
    throw new HomegrownError({
      code: "gateway/item-not-found",
      kind: "not-found",
      message: `Item with id '${toPlainId(id)}' not found. Items are kept only for responses that were stored.`,
      hint: "Send the item itself (in the AI SDK: set the provider option 'store' to false), or let the key store responses.",
      details: { param: index >= 0 ? `input[${index}].id` : "previous_response_id" },
    });
  }
}

function tooManyReferences(): HomegrownError {
  return new HomegrownError({
    code: "gateway/conversation-too-long",
    kind: "too-large",
    message: `The request refers to more than ${MAX_REFERENCES} stored items, or to more than ${MAX_REFERRED_BYTES} bytes of them.`,
    hint: "Begin a new conversation with a summary of this one.",
    details: { param: "input", fault: "value" },
  });
}

/** An id is quoted in messages only where it can be nothing but one. */
export function toPlainId(id: string): string {
  return /^[\w.-]{1,128}$/.test(id) ? id : "…";
}
