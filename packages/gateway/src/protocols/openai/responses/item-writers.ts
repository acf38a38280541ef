// The items of one answer while they come into being: each returns the events that tell of its progress, and at
// last its own JSON. Strings are joined, not objects serialised: hot path.
import type { TokenLogProbability } from "@homegrown/contracts";
import {
  renderCall,
  renderCitation,
  renderLogprobs,
  renderMessage,
  renderOutputText,
  renderReasoning,
  renderRefusal,
} from "./output-items.ts";
import type { Citation, ItemStatus } from "./output-items.ts";
import { mergeOpaque } from "./reasoning-envelope.ts";
import type { OpaqueMetadata } from "./reasoning-envelope.ts";
import { customInputOf } from "./tools.ts";
import type { WireTool } from "./tools.ts";

/** The events that open a stream are made last, when its first part is there, and are numbered first. */
const NUM_OPENING_EVENTS = 2;

/** Numbers the events of a stream. */
export class EventSequence {
  #next = NUM_OPENING_EVENTS;

  /** `number` is less than 2. */
  opening(number: number, type: string, members: string): string {
    return render(type, number, members);
  }

  /** `members` are those after the event's type and number. */
  event(type: string, members: string): string {
    return render(type, this.#next++, members);
  }
}

function render(type: string, number: number, members: string): string {
  return `event: ${type}\ndata: {"type":"${type}","sequence_number":${number},${members}}\n\n`;
}

export interface ItemPlace {
  events: EventSequence;
  id: string;
  index: number;
}

export class MessageWriter {
  readonly index: number;
  readonly #place: ItemPlace;
  readonly #logprobs: boolean;
  /** Finished parts. */
  readonly #parts: string[] = [];
  #part: { refuses: boolean; text: string; tokens: string; at: string; delta: string } | undefined;

  constructor(place: ItemPlace, options: { logprobs: boolean }) {
    this.#place = place;
    this.index = place.index;
    this.#logprobs = options.logprobs;
  }

  open(): string {
    const { events, id, index } = this.#place;
    const item = renderMessage(id, "in_progress", "");
    return events.event("response.output_item.added", `"output_index":${index},"item":${item}`);
  }

  get hasPart(): boolean {
    return this.#part !== undefined;
  }

  openPart(refuses: boolean): string {
    const { events, id, index } = this.#place;
    const at = `"item_id":"${id}","output_index":${index},"content_index":${this.#parts.length}`;
    const delta = refuses ? "response.refusal.delta" : "response.output_text.delta";
    this.#part = { refuses, text: "", tokens: "", at, delta };
    const part = refuses ? renderRefusal(`""`) : renderOutputText(`""`, "", "");
    return events.event("response.content_part.added", `${at},"part":${part}`);
  }

  write(delta: string, tokens: readonly TokenLogProbability[]): string {
    const part = this.#part!;
    part.text += delta;
    let logprobs = "";
    if (this.#logprobs && tokens.length > 0) {
      logprobs = renderLogprobs(tokens);
      part.tokens += part.tokens === "" ? logprobs : `,${logprobs}`;
    }
    const tail = part.refuses ? "" : `,"logprobs":[${logprobs}]`;
    return this.#place.events.event(part.delta, `${part.at},"delta":${JSON.stringify(delta)}${tail}`);
  }

  closePart(citations: readonly Citation[]): string {
    if (this.#part === undefined) return "";
    const { events } = this.#place;
    const { refuses, text, tokens, at } = this.#part;
    this.#part = undefined;
    const quoted = JSON.stringify(text);
    let written = "";
    let rendered: string;
    if (refuses) {
      rendered = renderRefusal(quoted);
      written += events.event("response.refusal.done", `${at},"refusal":${quoted}`);
    } else {
      const annotations = citations.map((citation) => renderCitation(citation, text.length));
      for (const [number, annotation] of annotations.entries()) {
        const members = `${at},"annotation_index":${number},"annotation":${annotation}`;
        written += events.event("response.output_text.annotation.added", members);
      }
      rendered = renderOutputText(quoted, annotations.join(","), tokens);
      written += events.event("response.output_text.done", `${at},"text":${quoted},"logprobs":[${tokens}]`);
    }
    this.#parts.push(rendered);
    return written + events.event("response.content_part.done", `${at},"part":${rendered}`);
  }

  /** After the last part was closed. */
  close(status: ItemStatus): { item: string; written: string } {
    const { events, id, index } = this.#place;
    const item = renderMessage(id, status, this.#parts.join(","));
    return {
      item,
      written: events.event("response.output_item.done", `"output_index":${index},"item":${item}`),
    };
  }
}

export class ReasoningWriter {
  readonly index: number;
  text = "";
  metadata: OpaqueMetadata = {};
  readonly #place: ItemPlace;
  readonly #asSummary: boolean;
  readonly #at: string;

  constructor(place: ItemPlace, options: { asSummary: boolean }) {
    this.#place = place;
    this.index = place.index;
    this.#asSummary = options.asSummary;
    const part = options.asSummary ? "summary_index" : "content_index";
    this.#at = `"item_id":"${place.id}","output_index":${place.index},"${part}":0`;
  }

  open(): string {
    const { events, id, index } = this.#place;
    const item = renderReasoning(id, "", { asSummary: true });
    return events.event("response.output_item.added", `"output_index":${index},"item":${item}`);
  }

  learn(metadata: OpaqueMetadata): void {
    this.metadata = mergeOpaque(this.metadata, metadata);
  }

  write(delta: string): string {
    if (delta === "") return "";
    const { events } = this.#place;
    const opening = this.text === "" ? this.#partEvent("added", "") : "";
    this.text += delta;
    const type = this.#asSummary ? "response.reasoning_summary_text.delta" : "response.reasoning_text.delta";
    return opening + events.event(type, `${this.#at},"delta":${JSON.stringify(delta)}`);
  }

  /** `shown` goes to the client, `kept` to the store. */
  close(seals: { shown: string | undefined; kept: string | undefined }): {
    item: string;
    kept: string;
    written: string;
  } {
    const { events, id, index } = this.#place;
    let written = "";
    if (this.text !== "") {
      const type = this.#asSummary ? "response.reasoning_summary_text.done" : "response.reasoning_text.done";
      written += events.event(type, `${this.#at},"text":${JSON.stringify(this.text)}`);
      written += this.#partEvent("done", this.text);
    }
    const asSummary = this.#asSummary;
    const item = renderReasoning(id, this.text, { asSummary, sealed: seals.shown });
    const kept =
      seals.kept === seals.shown ? item : renderReasoning(id, this.text, { asSummary, sealed: seals.kept });
    written += events.event("response.output_item.done", `"output_index":${index},"item":${item}`);
    return { item, kept, written };
  }

  #partEvent(what: "added" | "done", text: string): string {
    const kind = this.#asSummary ? "response.reasoning_summary_part" : "response.content_part";
    const type = this.#asSummary ? "summary_text" : "reasoning_text";
    return this.#place.events.event(
      `${kind}.${what}`,
      `${this.#at},"part":{"type":"${type}","text":${JSON.stringify(text)}}`,
    );
  }
}

export class CallWriter {
  readonly index: number;
  readonly callId: string;
  readonly #place: ItemPlace;
  readonly #tool: WireTool;
  readonly #delta: string;
  #arguments = "";

  constructor(place: ItemPlace, callId: string, tool: WireTool) {
    this.#place = place;
    this.index = place.index;
    this.callId = callId;
    this.#tool = tool;
    this.#delta = `"item_id":"${place.id}","output_index":${place.index},"delta":`;
  }

  open(): string {
    const item = this.#render("in_progress", "");
    return this.#place.events.event(
      "response.output_item.added",
      `"output_index":${this.index},"item":${item}`,
    );
  }

  write(delta: string): string {
    if (delta === "") return "";
    this.#arguments += delta;
    // A custom tool's text is inside the JSON that is coming; it goes out when that is whole.
    return this.#tool.kind === "custom" ? "" : this.#deltaEvent(delta);
  }

  /** `input` is the whole JSON of the arguments, where the port has said so. */
  close(status: ItemStatus, input?: string): { item: string; written: string } {
    const { events, id, index } = this.#place;
    let written = "";
    let given = input ?? this.#arguments;
    if (this.#tool.kind === "custom") {
      given = customInputOf(given);
      if (given !== "") written += this.#deltaEvent(given);
    } else {
      if (given === "" && status === "completed") given = "{}";
      if (given.startsWith(this.#arguments) && given.length > this.#arguments.length) {
        written += this.#deltaEvent(given.slice(this.#arguments.length));
      }
    }
    const [type, member] =
      this.#tool.kind === "custom"
        ? ["response.custom_tool_call_input.done", "input"]
        : ["response.function_call_arguments.done", "arguments"];
    const done = `"item_id":"${id}","output_index":${index},"${member}":${JSON.stringify(given)}`;
    const item = this.#render(status, given);
    written += events.event(type!, done);
    written += events.event("response.output_item.done", `"output_index":${index},"item":${item}`);
    return { item, written };
  }

  #deltaEvent(delta: string): string {
    const type =
      this.#tool.kind === "custom"
        ? "response.custom_tool_call_input.delta"
        : "response.function_call_arguments.delta";
    return this.#place.events.event(type, `${this.#delta}${JSON.stringify(delta)}`);
  }

  #render(status: ItemStatus, input: string): string {
    return renderCall({ id: this.#place.id, status, callId: this.callId, tool: this.#tool, input });
  }
}
