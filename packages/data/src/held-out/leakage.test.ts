import assert from "node:assert/strict";
import { test } from "node:test";
import { proseText } from "../testing/corpus-folder.ts";
import { LeakageCheck } from "./leakage.ts";

const documents = Array.from({ length: 30 }, (_, i) => proseText(i + 1, 30));

test("the share of runs of 13 words that training has too", () => {
  const check = new LeakageCheck();
  const [whole, half, none] = [documents[0]!, documents[1]!, documents[2]!];
  for (const text of [whole, half, none]) check.addHeldOut(text);
  for (const text of documents.slice(3)) check.addTraining(text);
  check.addTraining(`Before it. ${whole.toUpperCase().replaceAll(" ", "  ")} After it.`);
  check.addTraining(half.slice(0, half.length / 2));
  assert.equal(check.sharedWithTraining(whole), 1, "case and spacing do not hide a copy");
  const share = check.sharedWithTraining(half);
  assert.ok(share > 0.4 && share < 0.6, `${share}`);
  assert.ok(check.sharedWithTraining(none) < 0.05);
  assert.equal(check.sharedWithTraining("fewer than thirteen words"), 0);
});

test("under a bound on memory the share is an estimate from a sample", () => {
  const check = new LeakageCheck(500);
  for (const text of documents) check.addHeldOut(text);
  for (const text of documents.slice(0, 15)) check.addTraining(text);
  const mean = (list: readonly string[]): number =>
    list.reduce((sum, text) => sum + check.sharedWithTraining(text), 0) / list.length;
  assert.equal(mean(documents.slice(0, 15)), 1);
  assert.ok(mean(documents.slice(15)) < 0.1);
});
