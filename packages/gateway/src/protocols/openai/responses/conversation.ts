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

/** What stands in the store and a request continues or names. */
export interface Earlier {
  previousId: string | undefined;
  turns: readonly StoredResponse[];
  /** Items named by id, by this request and by its turns. */
  referred: ReadonlyMap<string, Item>;
}

/** Throws `gateway/previous-response-not-found`, `gateway/item-not-found`, `gateway/conversation-too-long`. */
export async function loadEarlier(body: ResponsesBody, context: ResponsesContext): Promise<Earlier> {
  const previousId = body.previous_response_id ?? undefined;
  const ownItems = ownItemsOf(body);
  if (previousId === undefined && !ownItems.some(isReference)) return NOTHING_EARLIER;
  const turns = previousId === undefined ? [] : await loadTurns(previousId, context);
  const items = [...turns.flatMap(itemsOf), ...ownItems];
  return { previousId, turns, referred: await loadReferred(items, context) };
}

const NOTHING_EARLIER: Earlier = { previousId: undefined, turns: [], referred: new Map() };

/** Throws `gateway/invalid-request` for a body that names something else than what was loaded. */
export function assembleConversation(body: ResponsesBody, earlier: Earlier): Conversation {
  const ownItems = ownItemsOf(body);
  const { previousId, turns, referred } = earlier;
  if ((body.previous_response_id ?? undefined) !== previousId) throw notLoaded("previous_response_id");
  if (earlier === NOTHING_EARLIER && !ownItems.some(isReference)) {
    return { items: ownItems, ownItems, numEarlierBytes: 0, stickiness: undefined };
  }
  const all = [...turns.flatMap(itemsOf), ...ownItems];
  const present = presentIds(all);
  let numEarlierBytes = turns.reduce((sum, turn) => sum + numBytesOf(turn), 0);
  const items: Item[] = [];
  for (const item of all) {
    if (!isReference(item)) {
      items.push(item);
      continue;
    }
    // What the conversation holds already is not said twice.
    if (present.has(item["id"])) continue;
    const found = referred.get(String(item["id"]));
    if (found === undefined) throw notLoaded("input");
    numEarlierBytes += Buffer.byteLength(JSON.stringify(found));
    if (numEarlierBytes > MAX_REFERRED_BYTES) throw tooManyReferences();
    items.push(found);
  }
  return { items, ownItems, numEarlierBytes, stickiness: turns.at(-1)?.conversation };
}

function ownItemsOf({ input, previous_response_id }: ResponsesBody): readonly Item[] {
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  if (input || previous_response_id) return input ?? [];
  throw invalidRequest(
    "input",
    "missing",
    "The required parameter 'input' is missing.",
    "Give 'input' a string or a list of items.",
  );
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

function presentIds(items: readonly Item[]): ReadonlySet<unknown> {
  return new Set(items.filter((item) => !isReference(item)).map((item) => item["id"]));
}

async function loadReferred(
  items: readonly Item[],
  { caller, store }: ResponsesContext,
): Promise<ReadonlyMap<string, Item>> {
  const present = presentIds(items);
  const wanted = new Set(items.filter(isReference).map((item) => String(item["id"])));
  if (wanted.size > MAX_REFERENCES) throw tooManyReferences();
  const referred = new Map<string, Item>();
  for (const id of wanted) {
    if (present.has(id) || referred.has(id)) continue;
    const found = id.length <= 256 ? await store?.findItem(caller.id, id) : undefined;
    // Most references of a request are into the same few answers.
    for (const item of found === undefined ? [] : outputOf(found.response)) {
      if (typeof item["id"] === "string") referred.set(item["id"], item);
    }
    if (!referred.has(id)) throw itemNotFound(id);
  }
  return referred;
}

function itemNotFound(id: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/item-not-found",
    kind: "not-found",
    message: `Item with id '${toPlainId(id)}' not found. Items are kept only for responses that were stored.`,
    hint: "Send the item itself (in the AI SDK: set the provider option 'store' to false), or let the key store responses.",
    details: { param: "input" },
  });
}

/** Only a hook that rewrites a body can come here: what a body names was loaded when it was first parsed. */
function notLoaded(param: string): HomegrownError {
  return invalidRequest(
    param,
    "value",
    `A hook made '${param}' name something else than the client's request does.`,
    "Let the hook change what the conversation says, not what it continues.",
  );
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
