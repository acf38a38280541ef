// Whether an answer is stored, and how it gets there. OpenAI stores unless told not to; here a key or the
// configuration may forbid it, and then the default is not to store, while asking for it is an error.
import { HomegrownError } from "@homegrown/contracts";
import type { ResponseStore } from "../../../stored-responses/response-store.ts";
import type { Item } from "./messages.ts";
import type { ResponsesBody, ResponsesContext } from "./request.ts";

const ID = /^[\w.-]{1,128}$/;

/** Throws `gateway/storing-forbidden` and its like where the request insists on what cannot be. */
export function planStoring(
  body: ResponsesBody,
  { caller, store }: ResponsesContext,
  numBodyBytes: number,
): Storing | undefined {
  if (body.store === false) return undefined;
  const insists = body.store === true;
  if (store === undefined || !caller.mayStoreResponses) {
    if (insists) throw forbidden(store === undefined);
    return undefined;
  }
  if (numBodyBytes > store.maxInputChars) {
    if (insists) throw tooLarge(store.maxInputChars);
    return undefined;
  }
  if (!store.accepting) {
    if (insists) throw overloaded();
    return undefined;
  }
  return new Storing(body, caller.id, store);
}

export class Storing {
  readonly #body: ResponsesBody;
  readonly #keyId: string;
  readonly #store: ResponseStore;

  constructor(body: ResponsesBody, keyId: string, store: ResponseStore) {
    this.#body = body;
    this.#keyId = keyId;
    this.#store = store;
  }

  begin(ownItems: readonly Item[], conversation: string): TurnSaver {
    const { previous_response_id, user, safety_identifier } = this.#body;
    const save = (id: string, response: string, itemIds: readonly string[]): void => {
      this.#store.save(
        {
          id,
          keyId: this.#keyId,
          previousId: previous_response_id ?? undefined,
          conversation,
          userLabel: user ?? undefined,
          safetyIdentifier: safety_identifier ?? undefined,
          input: JSON.stringify(ownItems),
          response,
        },
        itemIds,
      );
    };
    return {
      save,
      savePassedThrough: (answer) => {
        const response = responseOf(answer);
        if (response === undefined) return;
        const output = Array.isArray(response["output"]) ? (response["output"] as (Item | null)[]) : [];
        const itemIds = output.map((item) => item?.["id"]).filter(isId);
        // The target was told not to store, and what went before.
        const kept = { ...response, store: true, previous_response_id: previous_response_id ?? null };
        save(response.id, JSON.stringify(kept), itemIds);
      },
    };
  }
}

export interface TurnSaver {
  /** `response` is the JSON of the whole object. */
  save(id: string, response: string, itemIds: readonly string[]): void;
  /** The parsed answer of a target that speaks the protocol itself; a failed one is not kept. */
  savePassedThrough(answer: unknown): void;
}

/** A whole answer, or the event that ends a streamed one. */
function responseOf(answer: unknown): (Item & { id: string }) | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const inner = (answer as Item)["response"] ?? answer;
  if (typeof inner !== "object" || inner === null) return undefined;
  const { id, status } = inner as Item;
  if (!isId(id) || status === "failed" || status === "cancelled") return undefined;
  return inner as Item & { id: string };
}

function isId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

function forbidden(unconfigured: boolean): HomegrownError {
  return new HomegrownError({
    code: "gateway/storing-forbidden",
    kind: "forbidden",
    message: unconfigured
      ? "This server stores no responses."
      : "The key that this request came with may not store responses.",
    hint: "Leave 'store' out, or set it to false, and send the conversation in 'input'.",
    details: { param: "store" },
  });
}

function tooLarge(maxBytes: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/too-large-to-store",
    kind: "too-large",
    message: `The request is larger than the ${maxBytes} bytes that are stored of one.`,
    hint: "Set 'store' to false, or send only what is new, with 'previous_response_id'.",
    details: { param: "store" },
  });
}

function overloaded(): HomegrownError {
  return new HomegrownError({
    code: "gateway/store-overloaded",
    kind: "overloaded",
    message: "The store of responses has fallen behind and takes nothing more right now.",
    hint: "Send the request again in a moment, or set 'store' to false.",
    retryable: true,
  });
}
