import assert from "node:assert/strict";
import { it } from "node:test";
import type { ChatCall } from "@homegrown/contracts";
import { withoutEmptyTexts } from "./empty-texts.ts";

const text = (text: string): { type: "text"; text: string } => ({ type: "text", text });

it("leaves out texts that say nothing, and no turn", () => {
  const image = {
    type: "file" as const,
    mediaType: "image/png",
    data: { type: "data" as const, data: "AA==" },
  };
  const prompt: ChatCall["prompt"] = [
    { role: "system", content: "" },
    { role: "system", content: "Be brief." },
    { role: "user", content: [text(""), image, text("What is it?"), text("")] },
    { role: "assistant", content: [text("")] },
    { role: "user", content: [text(""), text("")] },
  ];
  assert.deepEqual(withoutEmptyTexts(prompt), [
    { role: "system", content: "Be brief." },
    { role: "user", content: [image, text("What is it?")] },
    { role: "assistant", content: [text("")] },
    { role: "user", content: [text("")] },
  ]);
});

it("gives back the same prompt where every text says something", () => {
  const prompt: ChatCall["prompt"] = [
    { role: "user", content: [text(" ")] },
    { role: "assistant", content: [] },
  ];
  assert.equal(withoutEmptyTexts(prompt), prompt);
});
