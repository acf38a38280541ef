import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { toFormBody } from "./form-body.ts";
import { MULTIPART, MultipartBytes, parseMultipart } from "./multipart.ts";
import type { FormEntry } from "./multipart.ts";

/** A form as clients write it. */
async function formOf(fields: Record<string, string | string[]>, file?: File): Promise<FormEntry[]> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const one of [value].flat()) form.append(name, one);
  if (file) form.append("file", file);
  const request = new Request("http://x", { method: "POST", body: form });
  const contentType = request.headers.get("content-type")!;
  assert.match(contentType, MULTIPART);
  return parseMultipart(Buffer.from(await request.arrayBuffer()), contentType);
}

const wav = new File([new Uint8Array([82, 73, 70, 70, 0, 13, 10, 45, 45])], "täst.wav", {
  type: "audio/wav",
});

const others = (list: readonly FormEntry[]): FormEntry[] => list.filter(({ name }) => name !== "model");

describe("a form", () => {
  it("becomes typed fields and one file", async () => {
    const entries = await formOf(
      {
        model: "m",
        stream: "true",
        temperature: "0.5",
        "timestamp_granularities[]": ["word", "segment"],
        odd: "x",
      },
      wav,
    );
    const { fields, file } = toFormBody(entries);
    assert.deepEqual(fields, {
      model: "m",
      stream: true,
      temperature: 0.5,
      timestamp_granularities: ["word", "segment"],
      odd: "x",
    });
    assert.deepEqual([file.filename, file.mediaType, file.data.length], ["täst.wav", "audio/wav", 9]);
  });

  it("is written again for a provider with another model, and nothing else changed", async () => {
    const entries = await formOf({ model: "alias", "include[]": ["logprobs"], prompt: 'say "hé"\r\n' }, wav);
    const bytes = new MultipartBytes(entries);
    const again = await parseMultipart(
      bytes.edit({ model: "whisper-1", stream: undefined }),
      bytes.contentType,
    );
    assert.deepEqual(others(again), others(entries));
    assert.deepEqual(
      again.filter(({ name }) => name === "model"),
      [{ name: "model", value: "whisper-1" }],
    );
    assert.deepEqual(await parseMultipart(bytes.raw, bytes.contentType), entries);
  });

  it("survives any file and any text", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: "binary", maxLength: 30 }),
        async (data, value) => {
          const entries: FormEntry[] = [
            { name: "prompt", value: Buffer.from(value).toString("utf8") },
            { name: "file", filename: "a.mp3", mediaType: "audio/mpeg", data: Buffer.from(data) },
          ];
          const bytes = new MultipartBytes(entries);
          assert.deepEqual(await parseMultipart(bytes.raw, bytes.contentType), entries);
        },
      ),
      { numRuns: 60, seed: 20_261_125 },
    );
  });

  it("that is broken, or of whatever bytes, is refused and never hangs", async () => {
    const type = "multipart/form-data; boundary=b";
    const broken: [body: string, contentType: string][] = [
      ["", type],
      ["--b\r\n", type],
      ['--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx', type],
      ["--c--\r\n", type],
      ["x", "multipart/form-data"],
      ["x", "multipart/form-data; boundary="],
    ];
    for (const [body, contentType] of broken) {
      await assert.rejects(
        parseMultipart(Buffer.from(body), contentType),
        { code: "gateway/invalid-request" },
        body,
      );
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom(
            "--b",
            "--",
            "\r\n",
            "content-disposition: form-data; name=a",
            "; filename=f",
            "\0é",
            ":",
          ),
          { maxLength: 12 },
        ),
        async (pieces) => {
          await parseMultipart(Buffer.from(pieces.join("")), type).then(
            (entries) => assert.ok(Array.isArray(entries)),
            (error: { code: string }) => assert.equal(error.code, "gateway/invalid-request"),
          );
        },
      ),
      { numRuns: 200, seed: 20_261_125 },
    );
  });

  it("has bounds", async () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, "x"]));
    const refusals: (() => Promise<unknown>)[] = [
      () => formOf(many),
      () => formOf({ prompt: "x".repeat(2 * 1024 * 1024 + 1) }),
      () => formOf({ ["n".repeat(200)]: "x" }),
      async () => {
        const form = new FormData();
        form.append("file", wav);
        form.append("file", wav);
        const request = new Request("http://x", { method: "POST", body: form });
        return parseMultipart(Buffer.from(await request.arrayBuffer()), request.headers.get("content-type")!);
      },
    ];
    for (const refused of refusals) await assert.rejects(refused(), { code: "gateway/invalid-request" });
  });

  it("needs its file, and each field once", async () => {
    const faults: [param: string, entries: FormEntry[]][] = [
      ["file", await formOf({ model: "m", file: "not a file" })],
      ["audio", [{ name: "audio", filename: "a.wav", mediaType: "audio/wav", data: Buffer.of(1) }]],
      ["model", await formOf({ model: ["a", "b"] }, wav)],
    ];
    for (const [param, entries] of faults) {
      assert.throws(
        () => toFormBody(entries),
        (error: { details: { param: string } }) => error.details.param === param,
      );
    }
  });
});
