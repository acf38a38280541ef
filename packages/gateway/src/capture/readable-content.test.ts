import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toReadable } from "./readable-content.ts";

describe("what is taken out before masking", () => {
  it("what may show anything: images, sound, files, sealed thoughts", () => {
    const base64 = "QUJD".repeat(200);
    const hidden = Buffer.from(JSON.stringify({ proofs: "ada@mail-of-ada.org" })).toString("base64url");
    const kept = JSON.stringify(
      toReadable({
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: `data:image/png;base64,${base64}` } }],
          },
          {
            role: "user",
            content: [{ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }],
          },
          { role: "user", content: [{ type: "file", file: { file_data: base64, filename: "a.pdf" } }] },
          { role: "user", content: [{ type: "image", source: { type: "base64", data: "iVBORw0KGgo=" } }] },
          { role: "user", content: `see data:text/plain;base64,${base64} there` },
          { type: "thinking", thinking: "Hm.", signature: `homegrown-1.${hidden}` },
          { type: "redacted_thinking", data: `homegrown-1.${hidden}` },
          { type: "reasoning", encrypted_content: `hg1.${hidden}` },
        ],
      }),
    );
    for (const gone of [base64.slice(0, 40), hidden.slice(0, 20), "UklGRg", "iVBORw0"]) {
      assert.equal(kept.includes(gone), false, gone);
    }
    assert.equal(kept.match(/\[omitted:\d+ characters\]/g)?.length, 8);
    for (const stays of ['"Hm."', '"wav"', '"a.pdf"', "see [omitted:", "] there"])
      assert.ok(kept.includes(stays));
  });

  it("the end user's names at the top, and nowhere else", () => {
    const body = {
      user: "ada",
      safety_identifier: "ada",
      prompt_cache_key: "ada",
      metadata: { user_id: "ada", kind: "mail" },
      messages: [{ role: "user", content: "ada", user: "tool argument" }],
    };
    assert.deepEqual(toReadable(body), {
      metadata: { kind: "mail" },
      messages: [{ role: "user", content: "ada", user: "tool argument" }],
    });
  });

  it("everything else stays as it is", () => {
    const body = {
      a: [1, null, true, "text", { data: "2026-11-25" }],
      long: "word ".repeat(200),
      empty: { encrypted_content: "", data: "x".repeat(511) },
    };
    assert.deepEqual(toReadable(body), { ...body });
    assert.deepEqual(toReadable([1, "a"]), [1, "a"]);
  });
});
