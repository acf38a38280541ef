// Conversations → a dataset of rows with a loss mask. The same guarantees as for documents: counted steps,
// rights, a held-out split that training does not contain, a folder that appears whole or not at all.
import { join } from "node:path";
import { permits } from "@homegrown/contracts";
import type {
  ChatMessage,
  DatasetManifest,
  DatasetSource,
  ProgressListener,
  TokenizerJson,
} from "@homegrown/contracts";
import { sha256, writeFileAtomic } from "@homegrown/storage";
import { CHATML_TEMPLATE, END_OF_TEXT, Tokenizer, serializeTokenizerJson } from "@homegrown/tokenization";
import type { BuiltDataset } from "../build-options.ts";
import { contentHash, splitKey } from "../content-hash.ts";
import { everythingFilteredOut, noConversations } from "../corpus-errors.ts";
import type { JsonSpill } from "../packing/json-spill.ts";
import { publishDataset } from "../packing/publish-dataset.ts";
import { HashedFile, tokenBytesFor } from "../packing/shard-writer.ts";
import { SourceTotals } from "../packing/source-totals.ts";
import { SplitWriter } from "../packing/split-writer.ts";
import type { Origin } from "../sources/corpus-source.ts";
import { StepCounter } from "../step-counter.ts";
import { renderRow } from "./render-row.ts";
import type { RowOptions } from "./render-row.ts";

/** A conversation to learn from: the assistant's turns count in the loss. */
export interface Conversation {
  /** Default: `conversation-N`. */
  id?: string;
  messages: readonly ChatMessage[];
  /** On which side it stands, if that is known already, as from the document it was mined from. Default: by hash. */
  heldOut?: boolean;
  /** `name` or `name@version` of one of `sources`. Default: the dataset's name, as the user's own. */
  source?: string;
}

export interface BuildPairDatasetOptions {
  name: string;
  /** The dataset's own folder; must not exist. It appears whole, or not at all. */
  target: string;
  conversations: AsyncIterable<Conversation> | Iterable<Conversation>;
  tokenizer: TokenizerJson;
  /** Jinja chat template. Default `CHATML_TEMPLATE`. */
  template?: string;
  /** Rows hold `sequenceLength` + 1 ids; longer conversations are dropped, and counted. */
  sequenceLength: number;
  /** Where the conversations come from, with licence and rights; files and bytes are counted anew. */
  sources?: readonly Pick<DatasetSource, "name" | "version" | "license" | "rights">[];
  heldOut?: {
    /** Share of the conversations whose side is not given, by hash of the question. Default 0.02. */
    fraction?: number;
    salt?: string;
  };
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

interface SpilledRow {
  id: string;
  origin: Origin;
  ids: number[];
  mask: number[];
  text: string;
  messages: ChatMessage[];
  heldOut: boolean;
}

const DEFAULT_FRACTION = 0.02;
const DEFAULT_SALT = "homegrown";
const SHARD_TOKENS = 1 << 23;
/** A shorter answer ("Yes.") may stand on both sides without telling anything. */
const TELLING_ANSWER_LENGTH = 40;

/** @throws `data/empty-corpus`, `data/everything-filtered-out`, `storage/exists`, disk errors. */
export async function buildPairDataset(options: BuildPairDatasetOptions): Promise<BuiltDataset> {
  return publishDataset<SpilledRow>(options, (folder, spill) => fillFolder(folder, spill, options));
}

async function fillFolder(
  folder: string,
  spill: JsonSpill<SpilledRow>,
  options: BuildPairDatasetOptions,
): Promise<DatasetManifest> {
  const tokenizer = Tokenizer.fromJson(options.tokenizer);
  const endOfTextId = tokenizer.specialTokenId(END_OF_TEXT);
  const rowTokens = options.sequenceLength + 1;
  const tokenBytes = tokenBytesFor(tokenizer.vocabSize);
  const row = { tokenizer, template: options.template ?? CHATML_TEMPLATE, rowTokens, padId: endOfTextId };
  const training = new TrainingTexts();
  const steps = await renderAll(spill, training, row, options);
  const tokenizerText = serializeTokenizerJson(options.tokenizer);
  await writeFileAtomic(join(folder, "tokenizer.json"), tokenizerText);
  const packed = await packRows(folder, spill, training, tokenBytes, options);
  return {
    schemaVersion: 1,
    name: options.name,
    createdAt: new Date().toISOString(),
    packing: "pairs",
    tokenizer: {
      file: "tokenizer.json",
      sha256: sha256(tokenizerText),
      vocabSize: tokenizer.vocabSize,
      endOfTextId,
    },
    tokenBytes,
    rowTokens,
    steps: [...steps.map((step) => step.toStep()), packed.step.toStep()],
    heldOut: {
      fraction: options.heldOut?.fraction ?? DEFAULT_FRACTION,
      salt: options.heldOut?.salt ?? DEFAULT_SALT,
      leakage: packed.leakage,
      ...packed.heldOutText,
    },
    splits: packed.splits,
    sources: packed.sources.toSources(),
    rights: packed.sources.rights(),
  };
}

/** Rights, twins, rendering: each conversation to a row in the spill, or a counted reason. */
async function renderAll(
  spill: JsonSpill<SpilledRow>,
  training: TrainingTexts,
  row: RowOptions,
  options: BuildPairDatasetOptions,
): Promise<StepCounter[]> {
  const steps = {
    rights: new StepCounter("rights"),
    twins: new StepCounter("exact-twins"),
    render: new StepCounter("render"),
  };
  const origins = new Map(
    (options.sources ?? []).map((source) => [SourceTotals.label(source), toOrigin(source)]),
  );
  const own: Origin = { name: options.name, license: "own", rights: "train" };
  const seen = new Set<string>();
  let number = 0;
  let kept = 0;
  for await (const conversation of options.conversations) {
    options.signal?.throwIfAborted();
    number++;
    if (number % 256 === 0)
      options.onProgress?.({ event: "data-render", done: number, unit: "conversations" });
    const messages = conversation.messages.map(({ role, content }) => ({
      role,
      content: content.toWellFormed().normalize("NFC"),
    }));
    const content = JSON.stringify(messages);
    const bytes = messages.reduce((sum, message) => sum + Buffer.byteLength(message.content), 0);
    const origin = conversation.source === undefined ? own : origins.get(conversation.source);
    const rights = origin?.rights ?? "none";
    if (
      !pass(
        steps.rights,
        bytes,
        permits(rights, "train") ? undefined : `licence ${origin?.license ?? "unknown"}: no right to train`,
      )
    )
      continue;
    const hash = contentHash(content);
    if (!pass(steps.twins, bytes, seen.has(hash) ? "same as an earlier conversation" : undefined)) continue;
    seen.add(hash);
    const rendered = renderRow(messages, row);
    if (
      !pass(steps.render, bytes, "reason" in rendered ? rendered.reason : undefined) ||
      "reason" in rendered
    )
      continue;
    const heldOut =
      conversation.heldOut ??
      splitKey(questionOf(messages), options.heldOut?.salt ?? DEFAULT_SALT) <
        (options.heldOut?.fraction ?? DEFAULT_FRACTION);
    if (!heldOut) training.add(messages);
    kept++;
    await spill.write({
      id: conversation.id ?? `conversation-${number}`,
      origin: origin!,
      ids: rendered.ids,
      mask: [...rendered.mask],
      text: rendered.text,
      messages,
      heldOut,
    });
  }
  await spill.finish();
  const all = Object.values(steps);
  if (number === 0) throw noConversations();
  if (kept === 0) throw everythingFilteredOut(all);
  return all;
}

async function packRows(
  folder: string,
  spill: JsonSpill<SpilledRow>,
  training: TrainingTexts,
  tokenBytes: 2 | 4,
  options: BuildPairDatasetOptions,
): Promise<{
  splits: DatasetManifest["splits"];
  heldOutText: { file: string; sha256: string };
  leakage: { checked: number; leaked: number };
  sources: SourceTotals;
  step: StepCounter;
}> {
  const shards = { tokenBytes, maxTokens: SHARD_TOKENS, masked: true };
  const train = await SplitWriter.create(folder, { prefix: "train", ...shards });
  const heldOut = await SplitWriter.create(folder, { prefix: "held-out", ...shards });
  const heldOutText = await HashedFile.create(folder, "held-out.jsonl");
  const sources = new SourceTotals();
  const step = new StepCounter("held-out");
  const leakage = { checked: 0, leaked: 0 };
  try {
    for await (const { id, origin, ids, mask, text, messages, heldOut: isHeldOut } of spill.read()) {
      options.signal?.throwIfAborted();
      const bytes = Buffer.byteLength(text);
      const leaked = isHeldOut && training.holds(messages);
      if (isHeldOut) leakage.checked++;
      if (leaked) leakage.leaked++;
      if (!pass(step, bytes, leaked ? "held out, but its question or answer is in training" : undefined))
        continue;
      const source = SourceTotals.label(origin);
      const packed = { id, source, kind: "conversation", bytes, ids, mask: Uint8Array.from(mask) };
      await (isHeldOut ? heldOut : train).write(packed);
      if (isHeldOut) await heldOutText.write(`${JSON.stringify({ id, text, messages })}\n`);
      sources.add(origin, bytes);
    }
    return {
      splits: { train: await train.finish(), heldOut: await heldOut.finish() },
      heldOutText: await heldOutText.finish(),
      leakage,
      sources,
      step,
    };
  } finally {
    await Promise.all([train.close(), heldOut.close(), heldOutText.close()]);
  }
}

/** Hashes of what training asks and answers. */
class TrainingTexts {
  readonly #questions = new Set<string>();
  readonly #answers = new Set<string>();

  add(messages: readonly ChatMessage[]): void {
    this.#questions.add(contentHash(questionOf(messages)));
    this.#answers.add(contentHash(answerOf(messages)));
  }

  holds(messages: readonly ChatMessage[]): boolean {
    const answer = answerOf(messages);
    return (
      this.#questions.has(contentHash(questionOf(messages))) ||
      (answer.length >= TELLING_ANSWER_LENGTH && this.#answers.has(contentHash(answer)))
    );
  }
}

function questionOf(messages: readonly ChatMessage[]): string {
  return messages
    .slice(0, -1)
    .map(({ role, content }) => `${role}\n${content}`)
    .join("\n");
}

function answerOf(messages: readonly ChatMessage[]): string {
  return messages.at(-1)?.content ?? "";
}

function toOrigin({
  name,
  version,
  license,
  rights,
}: NonNullable<BuildPairDatasetOptions["sources"]>[number]): Origin {
  return { name, license, rights, ...(version !== undefined && { version }) };
}

function pass(step: StepCounter, bytes: number, reason: string | undefined): boolean {
  step.enter(bytes);
  if (reason === undefined) step.keep(bytes);
  else step.drop(reason, bytes);
  return reason === undefined;
}
