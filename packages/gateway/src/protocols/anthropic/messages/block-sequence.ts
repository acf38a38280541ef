// Anthropic's stream has one open block at a time, in order; ports may interleave theirs. The block whose turn
// it is streams, the others wait. Text alone may be cut in two, so it never holds anything up: some ports end
// their text only after the calls that follow it.
import {
  proofBlockOfCall,
  redactedBlock,
  textBlock,
  thinkingBlock,
  toInputJson,
  toReasoningProof,
  toolUseBlock,
} from "./content-blocks.ts";
import type { ProviderExtras } from "../json.ts";
import type { ThinkingDisplay } from "./thinking.ts";

export type StreamedKind = "text" | "thinking" | "tool";

const DELTA_MEMBER: { readonly [Kind in StreamedKind]: string } = {
  text: `{"type":"text_delta","text":`,
  thinking: `{"type":"thinking_delta","thinking":`,
  tool: `{"type":"input_json_delta","partial_json":`,
};

export class StreamedBlock {
  readonly kind: StreamedKind;
  /** The port's id, for a tool also the call's. */
  readonly id: string;
  readonly toolName: string;
  metadata: ProviderExtras | undefined;
  /** Of text: each as JSON. */
  citations: readonly string[] = [];
  /** Of a tool: the whole input, once the port has given it. */
  input: string | undefined;
  /** Deltas that wait for the block's turn. */
  waiting = "";
  hasDeltas = false;
  isOpen = false;
  isDone = false;
  hasProof = false;
  /** Of an open block: its delta event up to the text. */
  deltaHead = "";

  constructor(kind: StreamedKind, id: string, toolName = "") {
    this.kind = kind;
    this.id = id;
    this.toolName = toolName;
  }

  /** Keeps what every part adds; a later part of a provider's metadata wins. */
  note(metadata: ProviderExtras | undefined): void {
    if (metadata === undefined) return;
    if (this.metadata === undefined) {
      this.metadata = { ...metadata };
      return;
    }
    for (const provider in metadata) {
      const known = { ...this.metadata[provider] };
      for (const [name, value] of Object.entries(metadata[provider]!)) {
        if (value !== null && value !== undefined) known[name] = value;
      }
      this.metadata[provider] = known;
    }
  }
}

export class BlockSequence {
  readonly #display: ThinkingDisplay;
  #index = 0;
  #current: StreamedBlock | undefined;
  #queue: StreamedBlock[] = [];

  constructor(display: ThinkingDisplay) {
    this.#display = display;
  }

  get current(): StreamedBlock | undefined {
    return this.#current;
  }

  /** Every method returns the events that it leads to. */
  begin(block: StreamedBlock): string {
    const current = this.#current;
    if (current === undefined) {
      this.#current = block;
      return this.#announced(block);
    }
    this.#queue.push(block);
    return current.kind === "text" ? this.finish(current) : "";
  }

  append(block: StreamedBlock, delta: string): string {
    if (delta === "") return "";
    block.hasDeltas = true;
    if (block !== this.#current) {
      block.waiting += delta;
      return "";
    }
    if (block.kind === "thinking" && this.#display === "omitted") return this.#opened(block);
    const opening = this.#opened(block);
    return `${opening}${block.deltaHead}${JSON.stringify(delta)}}}\n\n`;
  }

  finish(block: StreamedBlock): string {
    block.isDone = true;
    if (block !== this.#current) return "";
    let events = this.#close(block);
    this.#current = undefined;
    while (this.#current === undefined && this.#queue.length > 0) {
      const next: StreamedBlock = (this.#current = this.#queue.shift()!);
      events += this.append(next, next.waiting);
      if (!next.isDone && (next.kind !== "text" || this.#queue.length === 0)) {
        return events + this.#announced(next);
      }
      next.isDone = true;
      events += this.#close(next);
      this.#current = undefined;
    }
    return events;
  }

  /** Ends whatever is open or waits. */
  end(): string {
    let events = "";
    for (const block of this.#queue) block.isDone = true;
    if (this.#current !== undefined) events += this.finish(this.#current);
    return events;
  }

  #close(block: StreamedBlock): string {
    switch (block.kind) {
      case "text":
        return block.isOpen ? this.#citations(block) + this.#stopped(block) : "";
      case "thinking":
        return this.#closeThinking(block);
      case "tool":
        return this.#closeTool(block);
    }
  }

  #citations({ citations }: StreamedBlock): string {
    let events = "";
    for (const citation of citations) {
      events += this.#delta(`{"type":"citations_delta","citation":${citation}}`);
    }
    return events;
  }

  #closeThinking(block: StreamedBlock): string {
    const proof = toReasoningProof(block.metadata);
    if (proof.kind === "redacted" && !block.isOpen) return this.#whole(redactedBlock(proof.data));
    if (!block.isOpen && (proof.kind === "redacted" || proof.isEmpty)) return "";
    const signature = proof.kind === "redacted" ? "" : proof.signature;
    return (
      this.#opened(block) +
      this.#delta(`{"type":"signature_delta","signature":${JSON.stringify(signature)}}`) +
      this.#stopped(block)
    );
  }

  #closeTool(block: StreamedBlock): string {
    const opening = this.#opened(block);
    const input = block.hasDeltas ? "{}" : toInputJson(block.input ?? "");
    const delta = input === "{}" ? "" : `${block.deltaHead}${JSON.stringify(input)}}}\n\n`;
    // A proof that came only with the end of the call follows it.
    return opening + delta + this.#stopped(block) + this.#proof(block);
  }

  #proof(block: StreamedBlock): string {
    if (block.hasProof || this.#display === "none") return "";
    const proof = proofBlockOfCall(block.id, block.metadata);
    if (proof === undefined) return "";
    block.hasProof = true;
    return this.#whole(proof);
  }

  /** A call shows its tool's name at once; text and thinking may turn out to be empty. */
  #announced(block: StreamedBlock): string {
    return block.kind === "tool" ? this.#opened(block) : "";
  }

  #opened(block: StreamedBlock): string {
    if (block.isOpen) return "";
    block.isOpen = true;
    const before = block.kind === "tool" ? this.#proof(block) : "";
    block.deltaHead = `${this.#deltaEvent()}${DELTA_MEMBER[block.kind]}`;
    return before + this.#start(emptyBlock(block));
  }

  #whole(block: string): string {
    return this.#start(block) + this.#stop();
  }

  #start(block: string): string {
    return (
      `event: content_block_start\ndata: {"type":"content_block_start","index":${this.#index},` +
      `"content_block":${block}}\n\n`
    );
  }

  #delta(delta: string): string {
    return `${this.#deltaEvent()}${delta}}\n\n`;
  }

  #deltaEvent(): string {
    return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},"delta":`;
  }

  #stopped(block: StreamedBlock): string {
    block.isOpen = false;
    return this.#stop();
  }

  #stop(): string {
    return `event: content_block_stop\ndata: {"type":"content_block_stop","index":${this.#index++}}\n\n`;
  }
}

function emptyBlock({ kind, id, toolName }: StreamedBlock): string {
  if (kind === "text") return textBlock("", []);
  return kind === "thinking" ? thinkingBlock("", "") : toolUseBlock(id, toolName, "{}");
}
