import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatCall } from "@homegrown/contracts";
import { bridgeToolTurns, moveToolMedia } from "./tool-result-media.ts";

type Message = ChatCall["prompt"][number];
type ToolMessage = Extract<Message, { role: "tool" }>;
type ToolResult = Extract<ToolMessage["content"][number], { type: "tool-result" }>;
type Output = ToolResult["output"];
type Piece = Extract<Output, { type: "content" }>["value"][number];

const text = (value: string) => ({ type: "text" as const, text: value });
const file = (data: string, mediaType = "image/png") => ({
  type: "file" as const,
  mediaType,
  data: { type: "data" as const, data },
});
const content = (...value: Piece[]): Output => ({ type: "content", value });
const said = (value: string): Output => ({ type: "text", value });
const result = (toolCallId: string, output: Output): ToolResult => ({
  type: "tool-result",
  toolCallId,
  toolName: "look",
  output,
});
const tools = (...results: ToolResult[]): Message => ({ role: "tool", content: results });
const user = (...parts: Extract<Message, { role: "user" }>["content"]): Message => ({
  role: "user",
  content: parts,
});
const from = (id: string) => text(`From the tool look (call ${id}):`);
const assistant: Message = { role: "assistant", content: [text("so")] };
const FOLLOWS = "The result follows in the next message.";

describe("media in results of tools", () => {
  it("follow the results in a message of the user, each under its call, in order", () => {
    const prompt = [
      tools(
        result("a", content(text("one"), file("A1"), text("two"), file("A2"))),
        result("b", said("plain")),
        result("c", content(file("C1", "application/pdf"), text("three"))),
      ),
      assistant,
    ];
    assert.deepEqual(moveToolMedia(prompt, []), [
      tools(result("a", said("one\ntwo")), result("b", said("plain")), result("c", said("three"))),
      user(from("a"), file("A1"), file("A2"), from("c"), file("C1", "application/pdf")),
      assistant,
    ]);
  });

  it("come after a whole run of results, and never between two of them", () => {
    const prompt = [
      tools(result("a", content(file("A")))),
      tools(result("b", content(text("b"), file("B")))),
    ];
    assert.deepEqual(moveToolMedia(prompt, []), [
      tools(result("a", said(FOLLOWS))),
      tools(result("b", said("b"))),
      user(from("a"), file("A"), from("b"), file("B")),
    ]);
  });

  it("come first in the message of the user that is there, and stay with their own turn", () => {
    const prompt = [
      tools(result("a", content(file("A")))),
      user(text("and?")),
      assistant,
      tools(result("b", said("b"))),
      user(text("well?")),
    ];
    assert.deepEqual(moveToolMedia(prompt, []), [
      tools(result("a", said(FOLLOWS))),
      user(from("a"), file("A"), text("and?")),
      ...prompt.slice(2),
    ]);
  });

  it("stay where the package shows them", () => {
    const image = result("a", content(text("a"), file("A")));
    const document = result("b", content(file("B", "application/pdf")));
    const prompt = [tools(image, document)];
    assert.deepEqual(moveToolMedia(prompt, ["*"]), prompt);
    assert.deepEqual(moveToolMedia(prompt, ["image/*", "application/pdf"]), prompt);
    assert.deepEqual(moveToolMedia(prompt, ["image/*"]), [
      tools(image, result("b", said(FOLLOWS))),
      user(from("b"), file("B", "application/pdf")),
    ]);
    const address = result("a", content(file("A", "image/*")));
    assert.deepEqual(moveToolMedia([tools(address)], ["image/*"]), [tools(address)]);
  });
});

describe("results of tools", () => {
  it("that failed still say so", () => {
    const failed = result("a", { type: "error-text", value: "no" });
    const broken = result("b", { type: "error-json", value: { code: 7 } });
    const shown = result("c", content(text("The tool failed:"), file("C")));
    assert.deepEqual(moveToolMedia([tools(failed, broken, shown)], []), [
      tools(failed, broken, result("c", said("The tool failed:"))),
      user(from("c"), file("C")),
    ]);
  });

  it("that are texts alone are one text", () => {
    const prompt = [tools(result("a", content(text("x"), text("y"))), result("b", content()))];
    assert.deepEqual(moveToolMedia(prompt, []), [tools(result("a", said("x\ny")), result("b", said("")))]);
  });

  it("without parts leave the prompt as it is, and no prompt is changed in place", () => {
    const plain = [user(text("hi")), assistant, tools(result("a", said("a")))];
    assert.equal(moveToolMedia(plain, []), plain);
    const prompt = [tools(result("a", content(file("A")))), user(text("and?"))];
    const before = structuredClone(prompt);
    moveToolMedia(prompt, []);
    assert.deepEqual(prompt, before);
  });

  it("are answered by the assistant before the user goes on, where the provider wants that", () => {
    const turn = tools(result("a", said("a")));
    const prompt = [user(text("go")), assistant, turn, user(text("and?")), assistant, turn];
    const bridge: Message = { role: "assistant", content: [text("I have the results.")] };
    assert.deepEqual(bridgeToolTurns(prompt), [...prompt.slice(0, 3), bridge, ...prompt.slice(3)]);
  });
});
