import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { ProviderUpstream } from "@homegrown/testing";
import { Agent } from "undici";
import { createUpstreamFetch } from "./upstream-fetch.ts";
import { TransportFault } from "./transport-fault.ts";

const dispatcher = new Agent({ connect: { timeout: 500 } });
const upstream = new ProviderUpstream();
const fetch = createUpstreamFetch({ dispatcher, maxResponseBytes: 2_000_000, headersTimeoutMs: 300 });
let origin: string;
before(async () => {
  origin = await upstream.start();
});
after(async () => {
  await dispatcher.close();
  await upstream.stop();
});

const post = (path: string, body?: RequestInit["body"], signal?: AbortSignal): Promise<Response> =>
  fetch(`${origin}${path}`, { method: "POST", body: body ?? "{}", ...(signal && { signal }) });

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("it succeeded"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof TransportFault, String(error));
  return error.fault;
}

it("answers as fetch does, as far as anybody looks", async () => {
  upstream.script({ status: 418, headers: { "x-a": "1", "content-type": "text/plain" }, body: "tea" });
  const response = await post("/path?a=b", "{}");
  assert.equal(upstream.requests[0]!.path, "/path?a=b");
  assert.deepEqual([response.status, response.ok, response.headers.get("X-A")], [418, false, "1"]);
  assert.ok([...response.headers].some(([name, value]) => name === "x-a" && value === "1"));
  assert.equal(await response.text(), "tea");
});

it("sends forms and streams", async () => {
  upstream.script({ body: "{}" });
  const form = new FormData();
  form.set("model", "whisper-1");
  form.set("file", new Blob(["RIFF"]), "a.wav");
  await (await post("/form", form)).text();
  const { headers, body } = upstream.requests[0]!;
  assert.match(headers["content-type"]!, /^multipart\/form-data; boundary=/);
  assert.match(String(body), /name="model"\r\n\r\nwhisper-1[^]*filename="a\.wav"[^]*RIFF/);
  const stream = new Blob(["from a stream"]).stream();
  await (await post("/stream", stream)).text();
  assert.equal(upstream.requests[1]!.body, "from a stream");
});

it("holds the socket back while nobody reads, and gives every byte", async () => {
  const sent = Buffer.alloc(1_500_000, "0123456789");
  upstream.script({ headers: { "content-type": "application/octet-stream" }, body: sent });
  const response = await post("/");
  await new Promise((resolve) => setTimeout(resolve, 30));
  const reader = response.body!.getReader();
  const first = await reader.read();
  assert.ok(first.value!.length < sent.length, "everything was taken in at once");
  const rest = Buffer.from(await response.arrayBuffer());
  assert.ok(Buffer.concat([first.value!, rest]).equals(sent));
});

it("is a web stream for whoever needs one", async () => {
  upstream.script({ body: "abc" });
  const response = await post("/");
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) text += piece;
  assert.equal(text, "abc");
});

it("names what goes wrong", async () => {
  assert.equal(await faultOf(fetch("http://127.0.0.1:1/", { method: "POST" })), "refused");
  assert.equal(await faultOf(fetch("http://no-such-host.invalid/", { method: "POST" })), "refused");
  upstream.script({ status: 302, headers: { location: "/elsewhere" } });
  assert.equal(await faultOf(post("/")), "redirect");
  upstream.script({ headers: { "content-encoding": "gzip" }, body: "x" });
  assert.equal(await faultOf(post("/")), "malformed");
  upstream.script({ headers: { "content-length": "100" }, body: "short", ending: "cut" });
  assert.equal(await faultOf(post("/").then((response) => response.text())), "reset");
  upstream.script({ body: Buffer.alloc(3_000_000) });
  assert.equal(await faultOf(post("/").then((response) => response.text())), "too-large");
  upstream.script({ ending: "hang" });
  assert.equal(await faultOf(post("/")), "first-token-timeout");
});

it("fetches nothing from addresses", async () => {
  upstream.script({ body: "inside" });
  assert.equal(await faultOf(fetch(`${origin}/secret`)), "rejected");
  assert.equal(await faultOf(fetch(`${origin}/secret`, { method: "PUT", body: "x" })), "rejected");
  assert.equal(upstream.requests.length, 0);
});

it("ends with the signal's reason, before, during and after the head", async () => {
  const reason = new Error("enough");
  await assert.rejects(post("/", "{}", AbortSignal.abort(reason)), (error) => error === reason);
  for (const body of ["", "half"]) {
    const abort = new AbortController();
    upstream.script({ body, ending: "hang" });
    const arrived = upstream.nextRequest();
    const text = post("/", "{}", abort.signal).then((response) => response.text());
    await arrived;
    setTimeout(() => abort.abort(reason), 5);
    await assert.rejects(text, (error) => error === reason);
    await upstream.clientLeft;
  }
});
