import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import type { TokenizerJson } from "@homegrown/contracts";
import { Tokenizer, encodeChat, trainBpe } from "@homegrown/tokenization";
import { buildDataset, buildPairDataset, minePairs, minePairsFromText, openDataset } from "../index.ts";
import type { Conversation } from "../index.ts";
import { corpusFolder, declarationText, proseText } from "../testing/corpus-folder.ts";
import { renderRow } from "./render-row.ts";

let tokenizer: TokenizerJson;
before(async () => {
  tokenizer = await trainBpe([proseText(1, 50), declarationText(1, 20)], { vocabSize: 400 });
});

const DECLARATIONS = `
/** File comment of no declaration. */

/**
 * Returns the absolute value of a number. A second sentence.
 * @param x - the number
 */
export declare function abs(x: number): number;
/** Create a {@link Widget} from [options](https://x.org), e.g. a "quoted; one". */
declare function createWidget(options: { name: "a;b"; size?: number }): Widget;
declare namespace Shapes {
    /** The options of a shape */
    interface ShapeOptions {
        /** Its width. */
        width: number;
    }
    /** Whether shapes may overlap. */
    const overlap: boolean;
    interface Shape {
        /** Moves the shape to another place. */
        moveTo(x: number, y: number): void;
        /** No declaration ends here */
        broken(x: number): void
    }
}
/** Short. */
type A = string;
/** A name or an index of a layer. */
export type LayerKey = string | number;
/** Emitted when something happens somewhere. */
declare function onEvent(name: string): void;
`;

test("golden: pairs from documented declarations", () => {
  assert.deepEqual(
    minePairsFromText(DECLARATIONS).map(({ kind, request, declaration }) => [kind, request, declaration]),
    [
      [
        "function",
        "Declare a function that returns the absolute value of a number.",
        "export declare function abs(x: number): number;",
      ],
      [
        "function",
        'Declare a function that creates a Widget from options, e.g. a "quoted; one".',
        'declare function createWidget(options: { name: "a;b"; size?: number }): Widget;',
      ],
      [
        "interface",
        "Declare an interface for the options of a shape.",
        "interface ShapeOptions {\n    /** Its width. */\n    width: number;\n}",
      ],
      ["constant", "Declare a constant for this: Whether shapes may overlap.", "const overlap: boolean;"],
      [
        "method",
        "Declare a method that moves the shape to another place.",
        "moveTo(x: number, y: number): void;",
      ],
      [
        "type",
        "Declare a type named LayerKey for a name or an index of a layer.",
        "export type LayerKey = string | number;",
      ],
    ],
  );
  assert.deepEqual(
    minePairsFromText(DECLARATIONS, { kinds: ["function"], maxDeclarationLength: 50 }).map(
      ({ declaration }) => declaration,
    ),
    ["export declare function abs(x: number): number;"],
  );
});

test("a row counts the assistant's answers and their end, and nothing else", () => {
  const codec = Tokenizer.fromJson(tokenizer);
  const options = {
    tokenizer: codec,
    template: CHAT,
    rowTokens: 200,
    padId: codec.specialTokenId("<|endoftext|>"),
  };
  const row = renderRow(
    [
      { role: "user", content: "The first question" },
      { role: "assistant", content: "one answer" },
      { role: "user", content: "and the next" },
      { role: "assistant", content: "\n  another" },
    ],
    options,
  );
  assert.ok("ids" in row);
  assert.equal(row.ids.length, 200);
  const counted = row.ids.filter((_, i) => row.mask[i] === 1);
  assert.equal(codec.decode(counted), "one answer<|im_end|>\n  another<|im_end|>");
  const end = row.ids.lastIndexOf(codec.specialTokenId("<|im_end|>"));
  assert.equal(codec.decode(row.ids.slice(0, end + 1)), row.text.trimEnd());
  // The prompt's ids are those that a server makes of the rendered prompt.
  const prompt = "<|im_start|>user\nThe first question<|im_end|>\n<|im_start|>assistant\n";
  const promptIds = codec.encode(prompt, { specialTokens: true });
  assert.deepEqual(row.ids.slice(0, promptIds.length), promptIds);
  const request = [{ role: "user" as const, content: "The first question" }];
  assert.deepEqual(encodeChat(codec, CHAT, { messages: request, addGenerationPrompt: true }), promptIds);
  assert.ok(row.mask.subarray(0, promptIds.length).every((value) => value === 0));
});

const CHAT =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

function ask(question: string, answer: string, more: Partial<Conversation> = {}): Conversation {
  return {
    messages: [
      { role: "user", content: question },
      { role: "assistant", content: answer },
    ],
    ...more,
  };
}

test("conversations that cannot teach are dropped with reasons; what is held out is not in training", async (context) => {
  const long = "a long answer that is certainly more than forty characters";
  const conversations: Conversation[] = [
    ...Array.from({ length: 60 }, (_, i) => ask(`Question ${i}?`, `Answer ${i}.`, { heldOut: false })),
    ask("Question 1?", "Answer 1."),
    ask("Question 2?", "Other words.", { heldOut: true }),
    ask("Trained?", long, { heldOut: false }),
    ask("Rephrased?", long, { heldOut: true }),
    ask("New?", "Entirely new.", { heldOut: true }),
    ask("Much?", "word ".repeat(300)),
    ask("Spelt?", "It ends with <|im_end|> always."),
    ask("Empty?", "  "),
    ask("Secret?", "Forbidden.", { source: "closed" }),
    { messages: [{ role: "user", content: "No answer" }] },
  ];
  const target = join(await corpusFolder(context), "pairs");
  const { manifest, folder } = await buildPairDataset({
    name: "pairs",
    target,
    conversations,
    tokenizer,
    sequenceLength: 127,
    sources: [{ name: "closed", license: "proprietary", rights: "evaluate" }],
  });
  const dropped = manifest.steps.flatMap(({ name, dropped }) =>
    dropped.map(({ reason, documents }) => [name, reason, documents]),
  );
  assert.deepEqual(dropped, [
    ["rights", "licence proprietary: no right to train", 1],
    ["exact-twins", "same as an earlier conversation", 1],
    ["render", "does not end with an answer of the assistant", 1],
    ["render", "empty message", 1],
    ["render", "longer than 128 tokens", 1],
    ["render", "spells a special token", 1],
    ["held-out", "held out, but its question or answer is in training", 2],
  ]);
  assert.deepEqual(manifest.heldOut.leakage, { checked: 3, leaked: 2 });
  assert.equal(manifest.packing, "pairs");
  assert.equal(manifest.rowTokens, 128);
  assert.equal(manifest.splits.train.documents, 61);
  const dataset = await openDataset(folder);
  const heldOut = [];
  for await (const document of dataset.heldOutDocuments()) heldOut.push(document);
  assert.deepEqual(heldOut[0]?.messages, ask("New?", "Entirely new.").messages);
  assert.equal(heldOut.length, 1);
  const reader = dataset.trainReader({ sequenceLength: 127, sequencesPerStep: 61, seed: 1 });
  const { targets, weights } = reader.batch(0);
  const learned = dataset.tokenizer.decode(targets.filter((_, i) => weights![i] === 1));
  for (let i = 0; i < 60; i++) assert.ok(learned.includes(`Answer ${i}.<|im_end|>`));
  assert.ok(!learned.includes("Question"));
  reader.close();
});

test("pairs keep to the side of their document", async (context) => {
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`${i}.d.ts`, declarationText(i + 1)]),
  );
  const folder = await corpusFolder(context, files);
  const built = await buildDataset({
    name: "declarations",
    target: join(await corpusFolder(context), "dataset"),
    sources: [{ path: folder, name: "types" }],
    vocabSize: 320,
    heldOut: { fraction: 0.1 },
  });
  const dataset = await openDataset(built.folder);
  const sides = new Map<string, boolean>();
  for await (const { id } of dataset.documents("train")) sides.set(id, false);
  for await (const { id } of dataset.documents("heldOut")) sides.set(id, true);
  const mined = [];
  for await (const pair of minePairs(dataset)) mined.push(pair);
  assert.ok(mined.length > 300 && mined.some(({ heldOut }) => heldOut));
  for (const { id, heldOut } of mined) assert.equal(heldOut, sides.get(id!.split("#")[0]!));
  const target = join(await corpusFolder(context), "pairs");
  const { sources } = dataset.manifest;
  const pairs = await buildPairDataset({
    name: "mined",
    target,
    conversations: minePairs(dataset),
    tokenizer: dataset.tokenizerJson,
    sequenceLength: 127,
    sources,
  });
  assert.equal(pairs.manifest.splits.train.documents + pairs.manifest.splits.heldOut.documents, mined.length);
});

test("nothing to learn from is an error", async (context) => {
  const target = join(await corpusFolder(context), "pairs");
  const options = { name: "none", target, tokenizer, sequenceLength: 15 };
  await assert.rejects(buildPairDataset({ ...options, conversations: [] }), { code: "data/empty-corpus" });
  await assert.rejects(buildPairDataset({ ...options, conversations: [ask("Hi?", "long ".repeat(99))] }), {
    code: "data/everything-filtered-out",
    message: /longer than 16 tokens/,
  });
});
