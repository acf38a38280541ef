// The items of a stored request as a list that clients page through. Each gets what strict clients expect of an
// item that OpenAI has stored: an id, a status, content as parts.
import { z } from "zod";
import type { StoredResponse } from "../../../stored-responses/response-store.ts";
import { parseRequest } from "../parse-request.ts";
import type { Item } from "./messages.ts";

const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().max(256).optional(),
});

const ID_PREFIX: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
};

/** Throws `gateway/invalid-request` for a page that cannot be. */
export function renderInputItems(
  { id, input }: Pick<StoredResponse, "id" | "input">,
  query: URLSearchParams,
): string {
  const { limit, order, after } = parseRequest(querySchema, Object.fromEntries(query));
  const items = (JSON.parse(input) as Item[]).map((item, index) => toListedItem(item, id, index));
  if (order === "desc") items.reverse();
  const start = after === undefined ? 0 : items.findIndex((item) => item["id"] === after) + 1;
  const data = items.slice(start, start + limit);
  return JSON.stringify({
    object: "list",
    data,
    first_id: data.at(0)?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: start + limit < items.length,
  });
}

function toListedItem(item: Item, responseId: string, index: number): Item {
  const type = typeof item["type"] === "string" ? item["type"] : "message";
  const prefix = ID_PREFIX[type] ?? "item";
  const id = typeof item["id"] === "string" ? item["id"] : `${prefix}_${responseId.slice(0, 64)}_${index}`;
  const status = item["status"] ?? "completed";
  if (type !== "message") return { ...item, id, ...(type === "reasoning" ? {} : { status }) };
  return { ...item, type, id, status, content: toParts(item) };
}

function toParts({ role, content }: Item): unknown {
  if (typeof content !== "string") return content;
  return role === "assistant"
    ? [{ type: "output_text", text: content, annotations: [] }]
    : [{ type: "input_text", text: content }];
}
