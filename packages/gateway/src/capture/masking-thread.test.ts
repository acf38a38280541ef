import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { chatAnswer, chatRequest } from "./capture-facts.fixture.ts";
import type { RawContent } from "./masked-content.ts";
import { MaskingThread } from "./masking-thread.ts";

const EMAIL = "ada.lovelace@mail-of-ada.org";

const contentOf = (text: string): RawContent => ({
  dialect: "openai/chat-completions",
  streamed: false,
  request: Buffer.from(JSON.stringify(chatRequest(text))),
  answer: Buffer.from(JSON.stringify(chatAnswer())),
});

/** Answers what it is sent, but ends at `die`, throws at `throw` and stays silent at `hang`. */
const FRAGILE = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", ({ value }) => {
    if (value === "die") process.exit(1);
    if (value === "throw") throw new Error(value);
    if (value !== "hang") parentPort.postMessage({ kind: "value", value });
  });`;

describe("the thread that masks", () => {
  const real = new MaskingThread();
  let thread = real;
  let numStarted = 0;
  afterEach(async () => {
    if (thread !== real) await thread.close();
    thread = real;
  });
  after(() => real.close());
  const fragile = (timeoutMs?: number): MaskingThread => {
    numStarted = 0;
    return new MaskingThread({
      ...(timeoutMs !== undefined && { timeoutMs }),
      createWorker: () => {
        numStarted++;
        return new Worker(FRAGILE, { eval: true });
      },
    });
  };

  it("gives request and answer the same tokens, and counts", async () => {
    const answer = Buffer.from(JSON.stringify(chatAnswer(`to ${EMAIL}`)));
    const masked = await thread.maskContent({ ...contentOf(`from ${EMAIL}`), answer });
    assert.match(masked!.request, /from \[masked:email:1\]/);
    assert.match(masked!.answer, /to \[masked:email:1\]/);
    assert.deepEqual(JSON.parse(masked!.masked), { email: 2 });
  });

  it("leaves the caller's bytes alone", async () => {
    const content = contentOf(EMAIL);
    const before = Buffer.from(content.request);
    await thread.maskContent(content);
    assert.deepEqual(Buffer.from(content.request), before);
  });

  it("a long text does not hold up the event loop", async () => {
    await thread.maskValue("warm");
    const text = `Write to ${EMAIL} about the words of a long letter. `.repeat(20_000);
    let turns = 0;
    const ticking = setInterval(() => turns++, 2);
    const masked = await thread.maskContent(contentOf(text));
    clearInterval(ticking);
    assert.equal(masked!.request.includes(EMAIL), false);
    assert.ok(turns > 10, `the loop turned ${turns} times meanwhile`);
  });

  it("what kills it is lost alone, and it starts again", async () => {
    thread = fragile();
    const asked = ["a", "die", "b", "throw", "c"].map((value) => thread.maskValue(value));
    const settled = await Promise.allSettled(asked);
    assert.deepEqual(
      settled.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as { code: string }).code)),
      ["a", "gateway/masking-failed", "b", "gateway/masking-failed", "c"],
    );
    assert.equal(numStarted, 3);
  });

  it("what takes too long is lost alone", async () => {
    thread = fragile(1000);
    const settled = await Promise.allSettled(["hang", "a"].map((value) => thread.maskValue(value)));
    assert.deepEqual(
      settled.map(({ status }) => status),
      ["rejected", "fulfilled"],
    );
  });

  it("a thread that cannot be started loses what it was asked, and nothing else", async () => {
    thread = new MaskingThread({
      createWorker: () => {
        throw new Error("no threads left");
      },
    });
    await assert.rejects(thread.maskValue("a"), { code: "gateway/masking-failed" });
    await assert.rejects(thread.maskContent(contentOf("a")), { code: "gateway/masking-failed" });
  });

  it("what waits when it closes is told, and nothing is taken afterwards", async () => {
    thread = fragile();
    const settled = Promise.allSettled(["hang", "a", "b"].map((value) => thread.maskValue(value)));
    await thread.close();
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ["rejected", "rejected", "rejected"],
    );
    await assert.rejects(thread.maskValue("c"), { code: "gateway/masking-failed" });
    assert.equal(numStarted, 1);
  });

  it("an error's words do not come back", async () => {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    const request = Buffer.from(`{"a":${deep},"b":"${EMAIL}"}`);
    await assert.rejects(thread.maskContent({ ...contentOf(""), request }), (error: Error) => {
      assert.equal(JSON.stringify({ ...error, message: error.message }).includes(EMAIL), false);
      return true;
    });
  });
});
