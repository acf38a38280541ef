import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ProviderUpstream } from "@homegrown/testing";
import { FeedbackError, sendFeedback } from "./feedback.ts";

describe("feedback from an application", () => {
  const gateway = new ProviderUpstream();
  let url: string;
  before(async () => {
    url = await gateway.start();
  });
  after(() => gateway.stop());

  const refusal = async (call: Partial<Parameters<typeof sendFeedback>[0]> = {}): Promise<FeedbackError> => {
    try {
      await sendFeedback({ baseUrl: url, requestId: "req_1", score: 1, ...call });
    } catch (error) {
      assert.ok(error instanceof FeedbackError, String(error));
      return error;
    }
    throw new Error("it was taken");
  };

  it("is one request, whichever way the address is written", async () => {
    gateway.script({ body: JSON.stringify({ id: "fb_1", request_id: "req_1", created_at: 1 }) });
    for (const baseUrl of [url, `${url}/`, `${url}/v1`, `${url}/v1/`]) {
      const sent = await sendFeedback({
        baseUrl,
        apiKey: "k",
        requestId: "req_1",
        correction: "x",
        choice: 1,
      });
      assert.equal(sent.id, "fb_1");
    }
    assert.equal(gateway.requests.length, 4);
    for (const { method, path, headers, body } of gateway.requests) {
      assert.deepEqual([method, path, headers.authorization], ["POST", "/v1/feedback", "Bearer k"]);
      assert.deepEqual(body, { request_id: "req_1", correction: "x", choice: 1 });
    }
  });

  it("fails with the gateway's code, or with the status alone", async () => {
    const error = { message: "No such request.", code: "gateway/request-not-found" };
    gateway.script({ status: 404, body: JSON.stringify({ error }) });
    const known = await refusal();
    assert.deepEqual([known.status, known.code, known.message], [404, error.code, error.message]);
    assert.equal(gateway.requests[0]!.headers.authorization, undefined);
    gateway.script({ status: 502, body: "<html>" });
    const unknown = await refusal();
    assert.deepEqual(
      [unknown.status, unknown.code, unknown.message],
      [502, undefined, "The gateway answered 502."],
    );
    gateway.script({ status: 200, body: "" });
    assert.equal((await refusal()).status, 200);
  });

  it("is given up when told to", async () => {
    gateway.script({ ending: "hang" });
    const sent = sendFeedback({
      baseUrl: url,
      requestId: "req_1",
      score: 1,
      signal: AbortSignal.timeout(30),
    });
    await assert.rejects(sent, { name: "TimeoutError" });
  });
});
