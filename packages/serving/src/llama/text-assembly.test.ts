import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenLogProbability } from "@homegrown/contracts";
import { TextAssembly } from "./text-assembly.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const record = (id: number): TokenLogProbability => ({
  id,
  text: "",
  bytes: [],
  logProbability: -1,
  top: [],
});

test("a character spread over tokens leaves whole, with all of its tokens", () => {
  const assembly = new TextAssembly([]);
  const pieces = [...bytesOf("🙂")].map((byte, id) => assembly.push(Uint8Array.of(byte), record(id)));
  assert.deepEqual(
    pieces.map(({ text }) => text),
    ["", "", "", "🙂"],
  );
  assert.deepEqual(
    pieces.map(({ tokens }) => tokens.map(({ id }) => id)),
    [[], [], [], [0, 1, 2, 3]],
  );
});

test("bytes that are no UTF-8 show as U+FFFD and hold nothing back", () => {
  const assembly = new TextAssembly([]);
  assert.equal(assembly.push(Uint8Array.of(0xff, 0x41)).text, "\u{fffd}A");
  assert.equal(assembly.push(Uint8Array.of(0x80)).text, "\u{fffd}");
  assert.equal(assembly.push(Uint8Array.of(0xe3, 0x81)).text, "");
  assert.equal(assembly.finish().text, "\u{fffd}");
});

test("text is withheld only while it may begin a stop sequence", () => {
  const assembly = new TextAssembly(["\n\n"]);
  assert.equal(assembly.push(bytesOf("one\n")).text, "one");
  assert.equal(assembly.push(bytesOf("two")).text, "\ntwo");
  assert.deepEqual(assembly.push(bytesOf("three\n")), { text: "three", tokens: [], stop: undefined });
  assert.deepEqual(assembly.push(bytesOf("\nfour")), { text: "", tokens: [], stop: "\n\n" });
});

test("tokens of the stop sequence are not reported, the one that it cuts is", () => {
  const assembly = new TextAssembly(["END"]);
  assert.deepEqual(
    assembly.push(bytesOf("ab"), record(0)).tokens.map(({ id }) => id),
    [0],
  );
  assert.deepEqual(
    assembly.push(bytesOf("cE"), record(1)).tokens.map(({ id }) => id),
    [],
  );
  const last = assembly.push(bytesOf("ND!"), record(2));
  assert.equal(last.stop, "END");
  assert.deepEqual(
    last.tokens.map(({ id }) => id),
    [1],
  );
});

test("what was withheld leaves at the end", () => {
  const assembly = new TextAssembly(["STOP"]);
  assert.equal(assembly.push(bytesOf("a STO"), record(0)).text, "a ");
  const rest = assembly.finish();
  assert.equal(rest.text, "STO");
  assert.equal(rest.tokens.length, 1);
});
