// What is asked of every client, through its front, over every provider protocol, streamed and whole.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { statusOf } from "./conversation.fixture.ts";
import type {
  Answer,
  Conversation,
  ConversationOptions,
  OpenConversation,
  ToolDefinition,
} from "./conversation.fixture.ts";
import { CLIENTS, FRONTS, PAIRINGS, scenariosOf } from "./matrix.ts";
import type { ClientName, MatrixClient, Pairing, PairingName, ScenarioName } from "./matrix.ts";
import { openWorld, SLOWLY } from "./world.fixture.ts";
import type { UpstreamProcess, World } from "./world.fixture.ts";

const TOOLS: readonly ToolDefinition[] = [
  {
    name: "weather",
    description: "Tells the weather of a city.",
    schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
  {
    name: "local_time",
    description: "Tells the time of a zone.",
    schema: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] },
  },
];

const SCHEMA: ToolDefinition["schema"] = {
  type: "object",
  properties: { city: { type: "string" }, population: { type: "integer" } },
  required: ["city", "population"],
};

/** One pixel. */
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

interface Run {
  world: World;
  client: MatrixClient;
  pairing: PairingName;
  streamed: boolean;
  startedAt: Date;
  open(options?: Partial<ConversationOptions>): Conversation;
}

/** Makes the tests of one client from the table. Call at the top of a test file. */
export function testClients(
  clients: Partial<Record<ClientName, OpenConversation>>,
  startUpstream: () => Promise<UpstreamProcess>,
): void {
  let world: World;
  before(async () => {
    world = await openWorld(startUpstream);
  });
  after(() => world.close());
  beforeEach(() => world.upstream.reset());

  for (const [name, open] of Object.entries(clients)) {
    const client: MatrixClient = CLIENTS[name as ClientName];
    describe(name, () => {
      for (const pairing of Object.keys(PAIRINGS) as PairingName[]) {
        describe(pairing, () => {
          for (const { scenario, streamed } of scenariosOf(client, pairing)) {
            it(`${scenario}, ${streamed ? "streamed" : "whole"}`, async () => {
              const base: ConversationOptions = {
                url: world.gateway.url,
                key: world.key,
                model: world.alias(pairing, client.front),
                streamed,
                tools: [],
                reasons: false,
                maxRetries: 0,
              };
              const startedAt = new Date();
              await RUNS[scenario]({
                world,
                client,
                pairing,
                streamed,
                startedAt,
                open: (options) => open({ ...base, ...options }),
              });
            });
          }
        });
      }
    });
  }
}

const RUNS: Record<ScenarioName, (run: Run) => Promise<void>> = {
  async plain({ world, client, pairing, streamed, startedAt, open }) {
    const answer = await open().ask({ text: "say: Hello, wörld — 你好 👋" });
    assert.equal(answer.text, "Hello, wörld — 你好 👋");
    assert.equal(answer.finish, "stop");
    assert.deepEqual(answer.calls, []);
    const upstream = (PAIRINGS[pairing] as Pairing).upstream[client.front];
    assert.equal((await world.upstream.records()).at(-1)?.path, FRONTS[upstream].path);
    // What the client was told is what the ledger says.
    const rows = await world.ledgerSince(startedAt, 1);
    assert.equal(rows.length, 1);
    const { outcome, usage } = rows[0]!;
    assert.equal(outcome, "completed");
    assert.equal(usage.estimated, false);
    if (streamed && client.miscounts !== undefined) return;
    assert.deepEqual([answer.inputTokens, answer.outputTokens], [usage.input, usage.output]);
  },

  async limit({ client, streamed, open }) {
    const answer = await open().ask({ text: "repeat 200: word", maxTokens: 40 });
    assert.equal(answer.finish, "length");
    assert.match(answer.text, /^word word/);
    if (!streamed || client.miscounts === undefined) assert.ok(answer.outputTokens <= 40);
  },

  async stop({ open }) {
    const answer = await open().ask({ text: "say: one two three four", stop: ["three"] });
    assert.equal(answer.text, "one two ");
    assert.equal(answer.finish, "stop");
  },

  async tools({ world, startedAt, open }) {
    const conversation = open({ tools: TOOLS });
    const first = await conversation.ask({ text: 'Please call weather({"city":"Zürich"}).' });
    assert.equal(first.finish, "tool-calls");
    assert.deepEqual(first.calls.map(nameAndInput), [["weather", { city: "Zürich" }]]);
    assert.equal(first.text, "Let me look.");
    const second = await answerAll(conversation, first, (input) => `rain in ${Object.values(input)[0]}`);
    assert.equal(second.text, "Results: weather=rain in Zürich");
    assert.equal(second.finish, "stop");
    const both = await conversation.ask({
      text: 'silently call weather({"city":"Oslo"}) and call local_time({"zone":"CET"})',
    });
    assert.equal(both.finish, "tool-calls");
    assert.deepEqual(both.calls.map(nameAndInput), [
      ["weather", { city: "Oslo" }],
      ["local_time", { zone: "CET" }],
    ]);
    const last = await answerAll(conversation, both, (input) => JSON.stringify(input));
    assert.equal(last.text, 'Results: weather={"city":"Oslo"}; local_time={"zone":"CET"}');
    assert.equal((await conversation.ask({ text: "say: goodbye" })).text, "goodbye");
    const rows = await world.ledgerSince(startedAt, 5);
    assert.deepEqual(
      rows.map(({ outcome, usage }) => [outcome, usage.estimated]),
      Array.from({ length: 5 }, () => ["completed", false]),
    );
  },

  async image({ open }) {
    const answer = await open().ask({ text: "What is this?", image: PNG });
    assert.equal(
      answer.text,
      `You said: What is this? I see 1 image(s): image/png ${Buffer.from(PNG, "base64").length} bytes.`,
    );
  },

  async structured({ open }) {
    const answer = await open().ask({ text: "Berlin", schema: SCHEMA });
    const value = JSON.parse(answer.text) as Record<string, unknown>;
    assert.deepEqual(Object.keys(value).sort(), ["city", "population"]);
    assert.equal(typeof value["city"], "string");
    assert.ok(Number.isInteger(value["population"]));
  },

  async reasoning({ open }) {
    const conversation = open({ tools: TOOLS, reasons: true });
    const first = await conversation.ask({ text: 'Please call weather({"city":"Bern"}).' });
    assert.match(first.reasoning, /^Thinking about: Please call weather/);
    assert.deepEqual(first.calls.map(nameAndInput), [["weather", { city: "Bern" }]]);
    // Where the provider seals its thoughts it refuses them unless they come back as they were.
    const second = await answerAll(conversation, first, () => "sun");
    assert.equal(second.text, "Results: weather=sun");
    assert.match((await conversation.ask({ text: "say: bye" })).reasoning, /^Thinking about: say: bye/);
  },

  async errors({ world, pairing, open }) {
    const asking = { text: "say: hi" };
    await assert.rejects(open({ key: "hg-wrong" }).ask(asking), isStatus(401));
    await assert.rejects(open({ model: "no-such-model" }).ask(asking), isStatus(404));
    const { model }: Pairing = PAIRINGS[pairing];
    await world.upstream.setFault(model, "400", 1);
    await assert.rejects(open().ask(asking), isStatus(400));
    await world.upstream.reset();
    await world.upstream.setFault(model, "429-retry-after-1", 1);
    await assert.rejects(open().ask(asking), isStatus(429));
  },

  async retry({ world, pairing, open }) {
    const { model }: Pairing = PAIRINGS[pairing];
    await world.upstream.setFault(model, "429-retry-after-1", 1);
    const startedAt = performance.now();
    assert.equal((await open({ maxRetries: 2 }).ask({ text: "say: hi" })).text, "hi");
    assert.equal((await world.upstream.records()).length, 2);
    assert.ok(performance.now() - startedAt > 900, "asked again too soon");
  },

  async abort({ world, client, pairing, startedAt, open }) {
    const controller = new AbortController();
    let seen = "";
    const onText = (piece: string): void => {
      seen += piece;
      controller.abort();
    };
    await assert.rejects(
      open({ model: `${world.alias(pairing, client.front)}${SLOWLY}` })
        .ask({ text: "repeat 5000: word", signal: controller.signal, onText })
        .then((answer) => {
          // Some clients end a stream that was aborted as if it were over.
          assert.ok(answer.text.length < 20_000);
          throw new Error("ended early");
        }),
    );
    assert.match(seen, /^word/);
    await world.upstream.quiet();
    assert.deepEqual(
      (await world.upstream.records()).map(({ outcome }) => outcome),
      ["cancelled"],
    );
    const rows = await world.ledgerSince(startedAt, 1);
    assert.deepEqual(
      rows.map(({ outcome }) => outcome),
      ["client-left"],
    );
  },
};

const isStatus = (status: number) => (error: unknown) => {
  assert.equal(statusOf(error), status, String(error));
  return true;
};

const nameAndInput = ({ name, input }: Answer["calls"][number]): [string, unknown] => [name, input];

function answerAll(
  conversation: Conversation,
  { calls }: Answer,
  answer: (input: Record<string, unknown>) => string,
): Promise<Answer> {
  return conversation.answerTools(
    calls.map((call) => ({ call, text: answer(call.input as Record<string, unknown>) })),
  );
}
