// One answer as the events of a Responses stream. A whole answer takes the same way, so that both say the same.
import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";
import type { AnswerHead, ChatStreamRenderer } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { wantsLogprobs } from "./call.ts";
import { CallWriter, EventSequence, MessageWriter, ReasoningWriter } from "./item-writers.ts";
import type { ItemPlace } from "./item-writers.ts";
import { extensionOf, renderImage, renderReasoning, toImageData } from "./output-items.ts";
import type { Citation, ItemStatus, Metadata } from "./output-items.ts";
import { opaqueOf, sealReasoning } from "./reasoning-envelope.ts";
import type { OpaqueMetadata } from "./reasoning-envelope.ts";
import { renderResponse, toResponseId, toUnixSeconds } from "./response-object.ts";
import type { RequestEcho, ResponseState } from "./response-object.ts";
import type { TurnSaver } from "./storing.ts";
import type { ToolNames } from "./tools.ts";

export interface RenderOptions {
  request: RequestEcho;
  names: ToolNames;
  /** Undefined where the answer is not stored. */
  saving: TurnSaver | undefined;
}

type FinishReason = ChatResult["finishReason"]["unified"];

const INCOMPLETE: Partial<Record<FinishReason, "max_output_tokens" | "content_filter">> = {
  length: "max_output_tokens",
  "content-filter": "content_filter",
};

export class ResponseStream implements ChatStreamRenderer {
  readonly #head: AnswerHead;
  readonly #options: RenderOptions;
  readonly #events = new EventSequence();
  readonly #logprobs: boolean;
  readonly #asSummary: boolean;
  /** The client asked for what it needs to hand thoughts back. */
  readonly #sealed: boolean;
  /** Finished items, for the client and for the store. */
  readonly #items: string[] = [];
  readonly #kept: string[] = [];
  readonly #itemIds: string[] = [];
  #message: MessageWriter | undefined;
  /** The port's name of the block of text that is being written. */
  #textBlock: string | undefined;
  /** Found before or while a block of text was written, and not yet attached to one. */
  #sources: Citation[] = [];
  readonly #reasonings = new Map<string, ReasoningWriter>();
  readonly #calls = new Map<string, CallWriter>();
  readonly #metadataOfCalls: Record<string, OpaqueMetadata> = {};
  #reason: FinishReason = "stop";

  constructor(head: AnswerHead, options: RenderOptions) {
    const { body } = options.request;
    this.#head = head;
    this.#options = options;
    this.#logprobs = wantsLogprobs(body);
    this.#asSummary = Boolean(body.reasoning?.summary) && body.reasoning?.summary !== "none";
    this.#sealed = body.include?.includes("reasoning.encrypted_content") ?? false;
  }

  start(): string {
    const response = `"response":${this.#response("", { status: "in_progress" })}`;
    return (
      this.#events.opening(0, "response.created", response) +
      this.#events.opening(1, "response.in_progress", response)
    );
  }

  render(_choice: number, part: ChatStreamPart): string {
    switch (part.type) {
      case "text-delta":
        return this.#writeText(part);
      case "text-end":
        return this.#endText(part.citations);
      case "reasoning-start":
        return this.#openReasoning(part);
      case "reasoning-delta": {
        const opening = this.#reasonings.has(part.id) ? "" : this.#openReasoning(part);
        const writer = this.#reasonings.get(part.id)!;
        if (part.providerMetadata) writer.learn(opaqueOf(part.providerMetadata));
        return opening + writer.write(part.delta);
      }
      case "reasoning-end": {
        const writer = this.#reasonings.get(part.id);
        if (writer && part.providerMetadata) writer.learn(opaqueOf(part.providerMetadata));
        return writer === undefined ? "" : this.#closeReasoning(part.id, writer);
      }
      case "tool-input-start":
        return part.providerExecuted ? "" : this.#openCall(part.id, part.toolName);
      case "tool-input-delta":
        return this.#calls.get(part.id)?.write(part.delta) ?? "";
      case "tool-call":
        return part.providerExecuted ? "" : this.#closeCall(part);
      case "source":
        this.#sources.push({ source: part });
        return "";
      case "file":
        return this.#addImage(part);
      case "finish":
        this.#reason = part.finishReason.unified;
        return this.#closeAll();
      default:
        return "";
    }
  }

  end(usage: TokenUsage): string {
    const { response, type } = this.finish(usage);
    return this.#events.event(type, `"response":${response}`);
  }

  /** The whole object, stored where it is to be. */
  finish(usage: TokenUsage): { response: string; type: string } {
    const reason = INCOMPLETE[this.#reason];
    const status = reason === undefined ? "completed" : "incomplete";
    const completedAt = toUnixSeconds(Date.now());
    const state: ResponseState = {
      status,
      usage,
      ...(reason === undefined ? { completedAt } : { reason }),
    };
    const output = join(this.#items);
    const response = this.#response(output, state);
    const { saving } = this.#options;
    if (saving !== undefined) {
      const kept = join(this.#kept);
      const object = kept === output ? response : this.#response(kept, state);
      saving.save(toResponseId(this.#head), object, this.#itemIds);
    }
    return { response, type: `response.${status}` };
  }

  #writeText(part: Extract<ChatStreamPart, { type: "text-delta" }>): string {
    const extension = extensionOf(part.providerMetadata);
    const tokens = extension?.tokens ?? [];
    if (part.delta === "" && tokens.length === 0) return "";
    let written = "";
    if (this.#message === undefined) {
      const message = new MessageWriter(this.#place("msg"), { logprobs: this.#logprobs });
      this.#message = message;
      written += message.open();
    }
    if (this.#textBlock !== part.id || !this.#message.hasPart) {
      written += this.#endText() + this.#message.openPart(extension?.refusal === true);
      this.#textBlock = part.id;
    }
    return written + this.#message.write(part.delta, tokens);
  }

  #endText(citations?: readonly Citation[]): string {
    if (!this.#message?.hasPart) return "";
    const attached = citations !== undefined && citations.length > 0 ? citations : this.#sources;
    this.#sources = [];
    this.#textBlock = undefined;
    return this.#message.closePart(attached);
  }

  #closeMessage(status: ItemStatus): string {
    if (this.#message === undefined) return "";
    const message = this.#message;
    const ending = this.#endText();
    this.#message = undefined;
    const { item, written } = message.close(status);
    this.#put(message.index, item);
    return ending + written;
  }

  #openReasoning({ id, providerMetadata }: { id: string; providerMetadata?: Metadata }): string {
    const before = this.#closeMessage("completed");
    const writer = new ReasoningWriter(this.#place("rs"), { asSummary: this.#asSummary });
    if (providerMetadata) writer.learn(opaqueOf(providerMetadata));
    this.#reasonings.set(id, writer);
    return before + writer.open();
  }

  #closeReasoning(id: string, writer: ReasoningWriter): string {
    this.#reasonings.delete(id);
    const { text, metadata } = writer;
    const thought = text !== "" || Object.keys(metadata).length > 0;
    // What is stored is always sealed: so a later turn can tell thoughts of ours from a target's own.
    const sealed =
      thought && (this.#sealed || this.#options.saving !== undefined)
        ? sealReasoning({ text, metadata, calls: {} })
        : undefined;
    const { item, kept, written } = writer.close({
      shown: this.#sealed ? sealed : undefined,
      kept: sealed,
    });
    this.#put(writer.index, item, kept);
    return written;
  }

  #openCall(callId: string, portName: string): string {
    const tool = this.#options.names.fromPort(portName);
    const before = this.#closeMessage("completed");
    const prefix = tool.kind === "custom" ? "ctc" : "fc";
    const writer = new CallWriter(this.#place(prefix), callId, tool);
    this.#calls.set(callId, writer);
    return before + writer.open();
  }

  #closeCall(part: Extract<ChatStreamPart, { type: "tool-call" }>): string {
    const { toolCallId, toolName, input, providerMetadata } = part;
    const opening = this.#calls.has(toolCallId) ? "" : this.#openCall(toolCallId, toolName);
    const writer = this.#calls.get(toolCallId)!;
    this.#calls.delete(toolCallId);
    const opaque = opaqueOf(providerMetadata);
    if (Object.keys(opaque).length > 0) this.#metadataOfCalls[toolCallId] = opaque;
    const { item, written } = writer.close("completed", input);
    this.#put(writer.index, item);
    return opening + written;
  }

  #addImage(part: Extract<ChatStreamPart, { type: "file" }>): string {
    const data = toImageData(part);
    if (data === undefined) return "";
    const before = this.#closeMessage("completed");
    const { id, index } = this.#place("ig");
    const item = renderImage(id, data);
    this.#put(index, item);
    return before + this.#addedAndDone(index, item);
  }

  /** What the port left open, and what belongs to calls but has no place in them. */
  #closeAll(): string {
    const status = INCOMPLETE[this.#reason] === undefined ? "completed" : "incomplete";
    let written = this.#closeMessage(status);
    for (const [id, writer] of this.#reasonings) written += this.#closeReasoning(id, writer);
    for (const writer of this.#calls.values()) {
      const closed = writer.close(status);
      this.#put(writer.index, closed.item);
      written += closed.written;
    }
    this.#calls.clear();
    return written + this.#sealCalls();
  }

  #sealCalls(): string {
    const keeps = this.#options.saving !== undefined;
    if (Object.keys(this.#metadataOfCalls).length === 0 || (!this.#sealed && !keeps)) return "";
    const sealed = sealReasoning({ text: "", metadata: {}, calls: this.#metadataOfCalls });
    const { id, index } = this.#place("rs");
    const item = renderReasoning(id, "", { asSummary: true, sealed });
    if (!this.#sealed) {
      this.#kept[index] = item;
      return "";
    }
    this.#put(index, item);
    return this.#addedAndDone(index, item);
  }

  #addedAndDone(index: number, item: string): string {
    const members = `"output_index":${index},"item":${item}`;
    return (
      this.#events.event("response.output_item.added", members) +
      this.#events.event("response.output_item.done", members)
    );
  }

  #place(prefix: string): ItemPlace {
    const index = this.#itemIds.length;
    const id = `${prefix}_${this.#head.id}_${index}`;
    this.#itemIds.push(id);
    return { events: this.#events, id, index };
  }

  #put(index: number, item: string, kept = item): void {
    this.#items[index] = item;
    this.#kept[index] = kept;
  }

  #response(output: string, state: ResponseState): string {
    return renderResponse(this.#head, this.#options.request, output, state);
  }
}

/** What only the store keeps leaves an empty place among the client's items. */
function join(items: readonly string[]): string {
  return items.filter((item) => item !== undefined).join(",");
}
