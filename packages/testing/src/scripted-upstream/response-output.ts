// The items of a Responses answer, whole and event by event.
import { logprobOf } from "./chat-completions.ts";
import type { AnswerFacts, Body, WireEvent } from "./protocol.ts";
import { seal } from "./sealed-reasoning.ts";
import type { Call } from "./turn.ts";

export function toItems(facts: AnswerFacts): object[] {
  return new ResponseEvents().writeItems(facts);
}

export class ResponseEvents {
  readonly list: WireEvent[] = [];

  add(type: string, data: object, tokens = 0): void {
    const event = { type, sequence_number: this.list.length, ...data };
    this.list.push({ text: `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`, tokens });
  }

  /** Writes the events of all items and returns the items whole. */
  writeItems(facts: AnswerFacts): object[] {
    const reply = facts.replies[0]!;
    const items: object[] = [];
    if (reply.reasoning.length > 0) items.push(this.#writeReasoning(facts, items.length));
    if (reply.text.length > 0 || reply.calls.length === 0)
      items.push(this.#writeMessage(facts, items.length));
    for (const call of reply.calls) items.push(this.#writeCall(call, items.length));
    return items;
  }

  #writeReasoning({ id, body, replies }: AnswerFacts, output_index: number): object {
    const { reasoning } = replies[0]!;
    const item_id = `rs_${id}`;
    const text = reasoning.join("");
    const include = body["include"];
    const isSealed = Array.isArray(include) && include.includes("reasoning.encrypted_content");
    const shows = (body["reasoning"] as Body | undefined)?.["summary"] != null;
    const sealed = isSealed && { encrypted_content: seal(text) };
    const empty = { id: item_id, type: "reasoning", summary: [], ...sealed };
    this.add("response.output_item.added", { output_index, item: empty }, shows ? 0 : reasoning.length);
    if (!shows) {
      this.add("response.output_item.done", { output_index, item: empty });
      return empty;
    }
    const at = { item_id, output_index, summary_index: 0 };
    this.add("response.reasoning_summary_part.added", { ...at, part: { type: "summary_text", text: "" } });
    for (const delta of reasoning) this.add("response.reasoning_summary_text.delta", { ...at, delta }, 1);
    this.add("response.reasoning_summary_text.done", { ...at, text });
    const part = { type: "summary_text", text };
    this.add("response.reasoning_summary_part.done", { ...at, part });
    const item = { ...empty, summary: [part] };
    this.add("response.output_item.done", { output_index, item });
    return item;
  }

  #writeMessage({ id, body, replies }: AnswerFacts, output_index: number): object {
    const reply = replies[0]!;
    const item_id = `msg_${id}`;
    const text = reply.text.join("");
    const include = body["include"];
    const tellsLogprobs = Array.isArray(include) && include.includes("message.output_text.logprobs");
    const toLogprobs = (tokens: readonly string[]): object[] =>
      tellsLogprobs ? tokens.map((token) => logprob(token, Number(body["top_logprobs"] ?? 0))) : [];
    const status = reply.finish === "length" ? "incomplete" : "completed";
    const empty = { id: item_id, type: "message", role: "assistant", status: "in_progress", content: [] };
    this.add("response.output_item.added", { output_index, item: empty });
    const at = { item_id, output_index, content_index: 0 };
    const noText = { type: "output_text", text: "", annotations: [], logprobs: [] };
    this.add("response.content_part.added", { ...at, part: noText });
    for (const delta of reply.text) {
      this.add("response.output_text.delta", { ...at, delta, logprobs: toLogprobs([delta]) }, 1);
    }
    const logprobs = toLogprobs(reply.text);
    this.add("response.output_text.done", { ...at, text, logprobs });
    const part = { type: "output_text", text, annotations: [], logprobs };
    this.add("response.content_part.done", { ...at, part });
    const item = { ...empty, status, content: [part] };
    this.add("response.output_item.done", { output_index, item });
    return item;
  }

  #writeCall({ id, name, input, isCustom }: Call, output_index: number): object {
    const item_id = `${isCustom ? "ctc" : "fc"}_${id}`;
    const member = isCustom ? "input" : "arguments";
    const type = isCustom ? "custom_tool_call" : "function_call";
    const events = isCustom ? "response.custom_tool_call_input" : "response.function_call_arguments";
    const shared = { id: item_id, type, call_id: `call_${id}`, name };
    const status = (word: string): object => (isCustom ? {} : { status: word });
    const item = { ...shared, ...status("in_progress"), [member]: "" };
    this.add("response.output_item.added", { output_index, item }, 4);
    for (let at = 0; at < input.length; at += 4) {
      this.add(`${events}.delta`, { item_id, output_index, delta: input.slice(at, at + 4) }, 1);
    }
    this.add(`${events}.done`, { item_id, output_index, ...(!isCustom && { name }), [member]: input });
    const done = { ...shared, ...status("completed"), [member]: input };
    this.add("response.output_item.done", { output_index, item: done });
    return done;
  }
}

function logprob(token: string, numTop: number): object {
  const describe = (rank: number): object => {
    const text = rank === 0 ? token : `${token}${rank}`;
    return { token: text, logprob: logprobOf(token, rank), bytes: [...Buffer.from(text)] };
  };
  return { ...describe(0), top_logprobs: Array.from({ length: numTop }, (_, rank) => describe(rank)) };
}
