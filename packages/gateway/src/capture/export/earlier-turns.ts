// A Responses request may name the answer that it goes on from instead of repeating what was said. Where that turn
// was captured, too, the conversation is put together again; the clients' own stored responses are never read.
import { permits } from "@homegrown/contracts";
import { fromRow } from "../capture-rows.ts";
import type { Capture } from "../capture-rows.ts";
import type { CaptureDatabase } from "../tables.ts";
import { isFields } from "./conversation.ts";
import type { Fields } from "./conversation.ts";
import type { ExportRight } from "./shapes.ts";

const MAX_TURNS = 100;
const MAX_CHARS = 32 * 1024 * 1024;

/** The capture with the whole conversation in its request; as it was where a turn is missing or not permitted. */
export async function withEarlierTurns(
  { queries }: Pick<CaptureDatabase, "queries">,
  capture: Capture,
  right: ExportRight,
): Promise<Capture> {
  if (capture.dialect !== "openai/responses" || !capture.request.includes(PREVIOUS)) return capture;
  const { [PREVIOUS]: previous, ...request } = JSON.parse(capture.request) as Fields;
  let items = itemsOf(request["input"]);
  let chars = 0;
  let next = previous;
  for (let numTurns = 0; typeof next === "string"; numTurns++) {
    if (numTurns === MAX_TURNS) return capture;
    const row = await queries
      .selectFrom("captures")
      .selectAll()
      .where("key_id", "=", capture.keyId)
      .where("answer_id", "=", next)
      .where("mirror_of", "is", null)
      .limit(1)
      .executeTakeFirst();
    const turn = row && fromRow(row);
    if (turn === undefined || !permits(turn.right, right)) return capture;
    chars += turn.request.length + turn.answer.length;
    if (chars > MAX_CHARS) return capture;
    const asked = JSON.parse(turn.request) as Fields;
    const { output } = JSON.parse(turn.answer) as Fields;
    items = [...itemsOf(asked["input"]), ...itemsOf(output), ...items];
    next = asked[PREVIOUS];
  }
  return { ...capture, request: JSON.stringify({ ...request, input: items }) };
}

const PREVIOUS = "previous_response_id";

function itemsOf(input: unknown): readonly Fields[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  return Array.isArray(input) ? input.filter(isFields) : [];
}
