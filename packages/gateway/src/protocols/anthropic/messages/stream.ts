// https://platform.claude.com/docs/en/build-with-claude/streaming
import type { ChatStreamPart } from "@homegrown/contracts";
import type { AnswerHead, ChatStreamRenderer } from "../../../core/model-request.ts";
import { NO_USAGE } from "../../../core/token-usage.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import type { ProviderExtras } from "../json.ts";
import { BlockSequence, StreamedBlock } from "./block-sequence.ts";
import type { StreamedKind } from "./block-sequence.ts";
import { renderCitations } from "./citations.ts";
import { toToolUseId } from "./content-blocks.ts";
import { renderHead, renderStop } from "./render.ts";
import type { RenderOptions } from "./render.ts";
import { toStop } from "./stop-reason.ts";
import type { StopContext } from "./stop-reason.ts";
import { renderDeltaUsage, renderUsage, toServiceTier, toStartUsage } from "./usage.ts";

type ToolInputStart = Extract<ChatStreamPart, { type: "tool-input-start" }>;
type ToolCall = Extract<ChatStreamPart, { type: "tool-call" }>;

const PING = `event: ping\ndata: {"type":"ping"}\n\n`;

/** The events of one message. Strings are joined, not objects serialised: hot path. */
export class MessageStream implements ChatStreamRenderer {
  readonly #head: AnswerHead;
  readonly #options: RenderOptions;
  readonly #sequence: BlockSequence;
  /** Blocks that the port has not ended, by kind and the port's id. */
  readonly #running = new Map<string, StreamedBlock>();
  /** Calls that need nothing more: finished ones, and those of tools that the provider runs itself. */
  readonly #settledCalls = new Set<string>();
  #startUsage: unknown;
  #hasStarted = false;
  #hasToolUse = false;
  #finish: StopContext["finish"];

  constructor(head: AnswerHead, options: RenderOptions) {
    this.#head = head;
    this.#options = options;
    this.#sequence = new BlockSequence(options.display);
  }

  /** Nothing yet: an Anthropic model tells its input tokens a moment later, and `message_start` has them. */
  start(): string {
    return "";
  }

  render(_choice: number, part: ChatStreamPart): string {
    if (part.type === "text-delta") {
      const { current } = this.#sequence;
      if (current?.kind === "text" && current.isOpen && current.id === part.id) {
        return this.#sequence.append(current, part.delta);
      }
    }
    const events = this.#blocks(part);
    return this.#hasStarted || events === "" ? events : this.#startMessage() + events;
  }

  end(usage: TokenUsage): string {
    const last = this.#sequence.end();
    const opening = this.#hasStarted ? "" : this.#startMessage();
    const stop = toStop({
      finish: this.#finish,
      hasToolUse: this.#hasToolUse,
      stopSequences: this.#options.stopSequences,
    });
    const details = this.#finish?.providerMetadata?.["anthropic"]?.["stopDetails"];
    return (
      `${opening}${last}event: message_delta\ndata: {"type":"message_delta",` +
      `"delta":{${renderStop(stop, details)},"container":null},"usage":${renderDeltaUsage(usage)}}\n\n` +
      `event: message_stop\ndata: {"type":"message_stop"}\n\n`
    );
  }

  #startMessage(): string {
    this.#hasStarted = true;
    const raw = this.#startUsage;
    const known = raw === undefined ? NO_USAGE : toStartUsage(raw);
    const tier = toServiceTier((raw as { service_tier?: unknown } | undefined)?.service_tier);
    return (
      `event: message_start\ndata: {"type":"message_start","message":{${renderHead(this.#head)},` +
      `"content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,` +
      `"diagnostics":null,"usage":${renderUsage(known, tier)}}}\n\n${PING}`
    );
  }

  #blocks(part: ChatStreamPart): string {
    switch (part.type) {
      case "text-start":
        return this.#begin("text", part.id, part.providerMetadata);
      case "text-delta":
        return this.#append("text", part.id, part.delta, undefined);
      case "text-end": {
        const block = this.#running.get(`text ${part.id}`);
        if (block) block.citations = renderCitations(part.citations);
        return this.#end("text", part.id);
      }
      case "reasoning-start":
        return this.#thinks() ? this.#begin("thinking", part.id, part.providerMetadata) : "";
      case "reasoning-delta":
        return this.#thinks() ? this.#append("thinking", part.id, part.delta, part.providerMetadata) : "";
      case "reasoning-end":
        this.#running.get(`thinking ${part.id}`)?.note(part.providerMetadata);
        return this.#end("thinking", part.id);
      case "tool-input-start":
        return this.#beginTool(part);
      case "tool-input-delta": {
        const block = this.#running.get(`tool ${part.id}`);
        block?.note(part.providerMetadata);
        return block && block.input === undefined ? this.#sequence.append(block, part.delta) : "";
      }
      case "tool-input-end": {
        const block = this.#running.get(`tool ${part.id}`);
        // The whole call follows, perhaps with a proof, and ends the block.
        block?.note(part.providerMetadata);
        return "";
      }
      case "tool-call":
        return this.#callTool(part);
      case "custom":
        if (part.kind === "anthropic.message_start")
          this.#startUsage = part.providerMetadata?.["anthropic"]?.["usage"];
        return "";
      case "ping":
        return this.#hasStarted ? PING : "";
      case "finish":
        this.#finish = part;
        this.#running.clear();
        return this.#sequence.end();
      default:
        return "";
    }
  }

  #thinks(): boolean {
    return this.#options.display !== "none";
  }

  #begin(kind: StreamedKind, id: string, metadata: ProviderExtras | undefined): string {
    const earlier = this.#end(kind, id);
    const block = new StreamedBlock(kind, id);
    block.note(metadata);
    this.#running.set(`${kind} ${id}`, block);
    return earlier + this.#sequence.begin(block);
  }

  /** Text that was cut short for another block goes on in a new one. */
  #append(kind: StreamedKind, id: string, delta: string, metadata: ProviderExtras | undefined): string {
    let events = "";
    let block = this.#running.get(`${kind} ${id}`);
    if (block === undefined || block.isDone) {
      if (delta === "" && metadata === undefined) return "";
      events = this.#begin(kind, id, undefined);
      block = this.#running.get(`${kind} ${id}`)!;
    }
    block.note(metadata);
    return events + this.#sequence.append(block, delta);
  }

  #end(kind: StreamedKind, id: string): string {
    const block = this.#running.get(`${kind} ${id}`);
    if (block === undefined) return "";
    this.#running.delete(`${kind} ${id}`);
    return block.isDone ? "" : this.#sequence.finish(block);
  }

  #beginTool({ id, toolName, providerExecuted, inputEncoding, providerMetadata }: ToolInputStart): string {
    if (providerExecuted === true) {
      this.#settledCalls.add(id);
      return "";
    }
    if (this.#settledCalls.has(id) || this.#running.has(`tool ${id}`)) return "";
    this.#hasToolUse = true;
    const block = new StreamedBlock("tool", toToolUseId(id), toolName);
    block.note(providerMetadata);
    // Deltas of an input that is no JSON cannot be passed on; the whole call brings it as JSON.
    if (inputEncoding === "text") block.input = "";
    this.#running.set(`tool ${id}`, block);
    return this.#sequence.begin(block);
  }

  #callTool({ toolCallId, toolName, input, providerExecuted, providerMetadata }: ToolCall): string {
    if (providerExecuted === true || (toolCallId !== "" && this.#settledCalls.has(toolCallId))) return "";
    let events = "";
    let block = this.#running.get(`tool ${toolCallId}`);
    if (block === undefined) {
      this.#hasToolUse = true;
      block = new StreamedBlock("tool", toToolUseId(toolCallId), toolName);
      block.note(providerMetadata);
      events = this.#sequence.begin(block);
    } else {
      block.note(providerMetadata);
    }
    block.input = input;
    this.#running.delete(`tool ${toolCallId}`);
    this.#settledCalls.add(toolCallId);
    return events + this.#sequence.finish(block);
  }
}
