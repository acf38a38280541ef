// The whole way: clients ask through a gateway, captures land in the database, and leave it again.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { createMarkovModel, MarkovDirectory, ProviderUpstream, waitUntil } from "@homegrown/testing";
import OpenAI from "openai";
import { FeedbackError, sendFeedback } from "../client/feedback.ts";
import { createKey } from "../keys/key-admin.ts";
import type { KeySettings } from "../keys/key-settings.ts";
import { openGatewayDatabase, startGateway } from "../index.ts";
import type { Gateway, GatewayDatabase } from "../index.ts";
import { toEvents } from "./capture-facts.fixture.ts";
import { exportCaptures } from "./export/export-captures.ts";
import type { ExportOptions } from "./export/export-captures.ts";
import { listCaptures, readCapture } from "./read-captures.ts";
import type { ListedCapture } from "./read-captures.ts";

const SECRET = "AKIAIOSFODNN7EXAMPLQ";
const EMAIL = "ada.lovelace@mail-of-ada.org";
const DOCUMENTS = ["user: hello\nassistant: Hello."];
const KEYS: Record<string, KeySettings> = {
  trains: { rights: "train", team: "red" },
  teammate: { rights: "train", team: "red" },
  evaluates: { rights: "evaluate" },
  measures: { rights: "metrics" },
  nothing: { rights: "none" },
};
const RENTED_ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Rented words." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
};
const RENTED = { headers: { "content-type": "application/json" }, body: JSON.stringify(RENTED_ANSWER) };

describe("captures through a gateway", () => {
  const upstream = new ProviderUpstream();
  const keys = new Map<string, string>();
  const faults: unknown[] = [];
  let folder: string;
  let database: GatewayDatabase;
  let gateway: Gateway;
  let numBefore = 0;

  const ask = async (key: string, model: string, user = "user-1"): Promise<string> => {
    const client = new OpenAI({ apiKey: keys.get(key)!, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const answer = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: `hello from ${EMAIL}, my key is ${SECRET}` }],
      temperature: 0,
      user,
    });
    return answer._request_id!;
  };
  const give = (key: string, requestId: string, said: object): ReturnType<typeof sendFeedback> =>
    sendFeedback({ baseUrl: `${gateway.url}/v1/`, apiKey: keys.get(key)!, requestId, ...said });
  const call = async (
    key: string,
    method: string,
    path: string,
  ): Promise<[number, Record<string, unknown>]> => {
    const headers = { authorization: `Bearer ${keys.get(key)!}` };
    const response = await fetch(gateway.url + path, { method, headers });
    return [response.status, (await response.json()) as Record<string, unknown>];
  };
  /** Captures since the test began, once they are masked and written. */
  const captured = async (count: number): Promise<ListedCapture[]> => {
    await waitUntil("captures are masked", () => gateway.captures()!.kept >= numBefore + count);
    let found = await listCaptures(database, { mirrors: "included" });
    for (let tries = 0; found.length < count && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      found = await listCaptures(database, { mirrors: "included" });
    }
    return found;
  };
  const linesOf = async (options: ExportOptions): Promise<Record<string, unknown>[]> => {
    const lines: Record<string, unknown>[] = [];
    for await (const line of exportCaptures(database, options)) {
      assert.ok(line.endsWith("\n"));
      lines.push(JSON.parse(line) as Record<string, unknown>);
    }
    return lines;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "captures-"));
    const file = join(folder, "gateway.db");
    database = await openGatewayDatabase({ kind: "sqlite", file, synchronous: "normal" });
    for (const [name, setting] of Object.entries(KEYS)) {
      const shown = await createKey(database, { name, ...setting }, { actor: "test", reason: "test" });
      keys.set(name, shown.text);
    }
    upstream.script(RENTED);
    const override = { by: "legal@acme", reason: "contract 12" };
    gateway = await startGateway({
      directory: new MarkovDirectory({ first: own("first"), second: own("second") }),
      database,
      onFault: (error) => faults.push(error),
      config: {
        providers: {
          rented: { kind: "openai-compatible", baseUrl: `${await upstream.start()}/v1` },
        },
        routes: {
          kept: { targets: ["own/first"], capture: "train" },
          copied: {
            targets: ["own/first"],
            capture: "train",
            shadow: { target: "own/second", share: 1 },
          },
          measured: "own/first",
          untouched: { targets: ["own/first"], capture: "none" },
          rented: { targets: ["rented/m"], capture: "train" },
          lifted: { targets: ["rented/m"], capture: { right: "train", override } },
        },
      },
    });
  });
  after(async () => {
    await gateway.close();
    await upstream.stop();
    await database.close();
    await rm(folder, { recursive: true });
    assert.deepEqual(faults, []);
  });
  beforeEach(async () => {
    await waitUntil("nothing is being masked", () => gateway.captures()!.waitingBytes === 0);
    await database.batch([
      { sql: "delete from captures", rows: [[]] },
      { sql: "delete from feedback", rows: [[]] },
    ]);
    numBefore = gateway.captures()!.kept;
  });

  it("keeps what key, route and terms all permit, masked, and says who lifted the terms", async () => {
    for (const [key, model] of [
      ["measures", "kept"],
      ["nothing", "kept"],
      ["trains", "measured"],
      ["trains", "untouched"],
      ["trains", "kept"],
      ["evaluates", "kept"],
      ["trains", "rented"],
      ["trains", "lifted"],
      ["evaluates", "lifted"],
    ] as const) {
      await ask(key, model);
    }
    const found = await captured(5);
    assert.deepEqual(
      found.map(({ alias, right, own, override }) => [alias, right, own, override?.by]),
      [
        ["kept", "train", true, undefined],
        ["kept", "evaluate", true, undefined],
        ["rented", "evaluate", false, undefined],
        ["lifted", "train", false, "legal@acme"],
        // Its key's owner agreed to no more than the terms: nothing was lifted.
        ["lifted", "evaluate", false, undefined],
      ],
    );
    assert.deepEqual(found[3]!.override, { by: "legal@acme", reason: "contract 12" });
    assert.deepEqual(
      found.map(({ masked }) => masked),
      found.map(() => ({ email: 1, "aws-access-key": 1 })),
    );
    const { request, answer } = (await readCapture(database, found[3]!.id))!;
    assert.equal(request.includes(SECRET) || request.includes(EMAIL) || request.includes("user-1"), false);
    assert.match(request, /hello from \[masked:email:1\], my key is \[masked:aws-access-key:1\]/);
    assert.match(answer, /Rented words\./);
  });

  it("a stream that came in pieces is kept whole, and masked as such", async () => {
    const words = `Ask ${EMAIL} for ${SECRET}.`;
    const chunks = (words.match(/.{1,5}/g) ?? []).map((content) => ({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    }));
    const last = { ...chunks[0], choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
    upstream.script({
      headers: { "content-type": "text/event-stream" },
      body: `${toEvents([...chunks, last])}data: [DONE]\n\n`,
      pieceBytes: 97,
    });
    const client = new OpenAI({ apiKey: keys.get("trains")!, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const messages = [{ role: "user" as const, content: "Whom?" }];
    let seen = "";
    for await (const chunk of await client.chat.completions.create({
      model: "rented",
      messages,
      stream: true,
    })) {
      seen += chunk.choices[0]?.delta.content ?? "";
    }
    upstream.script(RENTED);
    assert.equal(seen, words);
    const [{ id }] = (await captured(1)) as [ListedCapture];
    const { answer } = (await readCapture(database, id))!;
    assert.match(answer, /"Ask \[masked:email:1\] for \[masked:aws-access-key:1\]\."/);
  });

  it("who agrees to nothing has a row for the bill, without labels", async () => {
    const id = await ask("nothing", "kept");
    const labels = async (): Promise<(string | null)[]> =>
      (
        await database.queries
          .selectFrom("gateway_ledger")
          .select("labels")
          .where("request_id", "=", id)
          .where("outcome", "=", "completed")
          .execute()
      ).map((row) => row.labels);
    let found = await labels();
    for (let tries = 0; found.length === 0 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      found = await labels();
    }
    assert.deepEqual(found, [null]);
  });

  it("a copy's answer is kept as one", async () => {
    const id = await ask("trains", "copied");
    const found = await captured(2);
    const mirrored = found.find(({ mirrorOf }) => mirrorOf !== undefined)!;
    const original = found.find(({ mirrorOf }) => mirrorOf === undefined)!;
    assert.equal(mirrored.mirrorOf, original.id);
    assert.deepEqual([mirrored.target, original.target], ["own/second", "own/first"]);
    assert.deepEqual([mirrored.requestId, original.requestId], [id, id]);
    assert.equal((await listCaptures(database)).length, 1);
  });

  it("feedback: kept masked, listed, paired for preference, taken back", async () => {
    const id = await ask("trains", "kept");
    // At once: the row in the ledger is on its way at most.
    const sent = await give("trains", id, { score: -0.5, outcome: "reopened", metrics: { seconds: 12 } });
    assert.equal(sent.request_id, id);
    await give("teammate", id, { correction: `Write to ${EMAIL}.`, comment: `not ${SECRET}` });
    await captured(1);
    const [status, list] = await call("teammate", "GET", `/v1/feedback/${id}`);
    assert.equal(status, 200);
    const data = list["data"] as Record<string, unknown>[];
    assert.deepEqual(
      data.map(({ score, outcome, metrics, correction, comment }) => [
        score,
        outcome,
        metrics,
        correction,
        comment,
      ]),
      [
        [-0.5, "reopened", { seconds: 12 }, null, null],
        [null, null, null, "Write to [masked:email:1].", "not [masked:aws-access-key:1]"],
      ],
    );
    const [preferred] = await linesOf({ right: "train", shape: "preference", metadata: true });
    assert.deepEqual(preferred!["chosen"], [{ role: "assistant", content: "Write to [masked:email:1]." }]);
    assert.equal((preferred!["metadata"] as { request_id: string }).request_id, id);
    const [rated] = await linesOf({ right: "train", shape: "rated" });
    assert.equal(rated!["label"], false);
    const [deletedStatus, deleted] = await call("trains", "DELETE", `/v1/feedback/${id}`);
    assert.deepEqual([deletedStatus, deleted["num_deleted"]], [200, 2]);
    assert.deepEqual(await linesOf({ right: "train", shape: "preference" }), []);
  });

  it("feedback is for one's own requests, and within what the key's owner agreed to", async () => {
    const mine = await ask("trains", "kept");
    const measured = await ask("measures", "kept");
    const billed = await ask("nothing", "kept");
    assert.deepEqual(await refusalOf(give("evaluates", mine, { score: 1 })), [
      404,
      "gateway/request-not-found",
    ]);
    assert.deepEqual(await refusalOf(give("trains", "req_unknown", { score: 1 })), [
      404,
      "gateway/request-not-found",
    ]);
    assert.deepEqual(await refusalOf(give("measures", measured, { score: 1, outcome: "ok" })), [
      200,
      undefined,
    ]);
    assert.deepEqual(await refusalOf(give("measures", measured, { correction: "x" })), [
      403,
      "gateway/feedback-forbidden",
    ]);
    assert.deepEqual(await refusalOf(give("nothing", billed, { score: 1 })), [
      403,
      "gateway/feedback-forbidden",
    ]);
    assert.deepEqual(await call("evaluates", "GET", `/v1/feedback/${mine}`), [
      200,
      { object: "list", request_id: mine, data: [] },
    ]);
    await give("trains", mine, { score: 1 });
    assert.equal((await call("evaluates", "DELETE", `/v1/feedback/${mine}`))[1]["num_deleted"], 0);
    assert.equal((await call("trains", "GET", `/v1/feedback/${"x".repeat(200)}`))[0], 404);
  });

  it("feedback that says too much, too little or nonsense is refused by name", async () => {
    const id = await ask("trains", "kept");
    for (const [said, status, code] of [
      [{}, 400, "missing_required_parameter"],
      [{ score: 2 }, 400, "invalid_value"],
      [{ score: "good" }, 400, "invalid_type"],
      [{ score: 1, scoer: 1 }, 400, "invalid_value"],
      [{ metrics: { "a b": 1 } }, 400, "invalid_value"],
      [{ outcome: "two\nlines" }, 400, "invalid_value"],
      [{ correction: [{ role: "user", content: "x" }] }, 400, "invalid_value"],
      [{ correction: "x".repeat(300_000) }, 413, "gateway/feedback-too-large"],
    ] as const) {
      assert.deepEqual(
        await refusalOf(give("trains", id, said)),
        [status, code],
        JSON.stringify(said).slice(0, 80),
      );
    }
    for (let i = 0; i < 50; i++) await give("trains", id, { score: 1 });
    assert.deepEqual(await refusalOf(give("trains", id, { score: 1 })), [409, "gateway/feedback-full"]);
  });

  it("of requests with one id the last is meant", async () => {
    const client = new OpenAI({ apiKey: keys.get("trains")!, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const body = { model: "kept", messages: [{ role: "user" as const, content: "hello" }], temperature: 0 };
    const headers = { "x-request-id": "again" };
    await client.chat.completions.create(body, { headers });
    await captured(1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await client.chat.completions.create(body, { headers });
    const [, second] = await captured(2);
    await give("trains", "again", { score: 1 });
    const { entry_id } = await database.queries
      .selectFrom("feedback")
      .select("entry_id")
      .executeTakeFirstOrThrow();
    assert.equal(entry_id, second!.id);
  });

  it("a conversation that the gateway stores for its client is exported whole, from captures alone", async () => {
    const client = new OpenAI({ apiKey: keys.get("trains")!, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const body = { model: "kept", temperature: 0 };
    const first = await client.responses.create({ ...body, input: "hello" });
    const second = await client.responses.create({
      ...body,
      input: "hello",
      previous_response_id: first.id,
    });
    await captured(2);
    const rows = await linesOf({ right: "train", shape: "completions" });
    assert.deepEqual(rows[1], {
      prompt: [
        { role: "user", content: "hello" },
        { role: "assistant", content: first.output_text },
        { role: "user", content: "hello" },
      ],
      completion: [{ role: "assistant", content: second.output_text }],
    });
  });

  it("an export is what the right permits", async () => {
    await ask("trains", "kept");
    await ask("evaluates", "kept");
    await ask("trains", "rented");
    await captured(3);
    assert.equal((await linesOf({ right: "train", shape: "completions" })).length, 1);
    assert.equal((await linesOf({ right: "evaluate", shape: "completions" })).length, 3);
    assert.equal((await linesOf({ right: "evaluate", shape: "completions", own: false })).length, 1);
    assert.equal((await linesOf({ right: "evaluate", shape: "completions", alias: "rented" })).length, 1);
    assert.equal((await linesOf({ right: "evaluate", shape: "completions", to: new Date(0) })).length, 0);
  });
});

async function refusalOf(sent: Promise<unknown>): Promise<[number, string | undefined]> {
  try {
    await sent;
  } catch (error) {
    assert.ok(error instanceof FeedbackError, String(error));
    return [error.status, error.code];
  }
  return [200, undefined];
}

function own(name: string): { version: string; model: ReturnType<typeof createMarkovModel> } {
  return { version: `${name}@1`, model: createMarkovModel({ modelId: name, documents: DOCUMENTS }) };
}
