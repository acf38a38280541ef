import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import type { DatasetManifest } from "@homegrown/contracts";
import { exampleCard, exampleSplits, exampleTraining } from "./example-card.fixture.ts";
import { describeCard, describeChampion, describeNext, describeSources, type NextSteps } from "./summary.ts";

test("the card in words: bits per byte beside baselines, checks, parity, speed", () => {
  const lines = describeCard(exampleCard(exampleTraining([]))).split("\n");
  const has = (pattern: RegExp): void =>
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern}`,
    );
  has(/^ {2}predictor +bits\/byte$/);
  has(/^ {2}this model +2\.000 +1\.900 to 2\.100 \(95 %\) on 12\.3 kB of 3 held-out documents$/);
  has(/^ {2}order-5 bytes +2\.750 +counted on the same text$/);
  has(/^ {2}loss {2}█▁$/);
  has(/^ {2}completions that parse as TypeScript: 16 of 64 \(16 % to 37 %\)$/);
  has(/^ {2}parity F32: passed, 15k tokens, .* 1\.5e-6 on average, 2\.0e-5 at most$/);
  has(/^ {2}parity Q8_0: FAILED/);
  has(/^ {2}speed: 12k tokens\/s read, 678 written; server memory 200 MB$/);
});

const source = (name: string, license: string, bytes: number): DatasetManifest["sources"][number] => ({
  name,
  version: "1.0.0",
  license,
  rights: "train",
  files: 2,
  bytes,
});

test("sources are summed by licence, the largest first", () => {
  const sources = [source("a", "MIT", 1000), source("b", "ISC", 5000), source("c", "MIT", 2000)];
  assert.equal(
    describeSources({ sources, rights: "train" }),
    [
      "  6 files of 3 packages or folders; rights: train",
      "  licences: ISC (1, 5.0 kB), MIT (2, 3.0 kB)",
      "  largest: b@1.0.0 (5.0 kB), c@1.0.0 (2.0 kB), a@1.0.0 (1.0 kB)",
    ].join("\n"),
  );
});

const FALLING = Array.from({ length: 20 }, (_, i): [number, number] => [5 * (i + 1), 5 * (i + 1) ** -0.2]);

function steps(changes: Partial<NextSteps> = {}, name = "first"): NextSteps {
  return {
    growth: {
      version: { name },
      report: exampleCard(exampleTraining(FALLING)),
      text: { manifest: { splits: exampleSplits(1e9) } },
    },
    minutes: 3,
    question: "Declare it.",
    url: "http://127.0.0.1:8080",
    servesOn: false,
    reportPage: path.resolve("home", "report.html"),
    ...changes,
  };
}

test("what comes next: outlook, report, lines that work as they stand, three commands", () => {
  const text = describeNext(steps());
  assert.match(text, /^What 30 minutes would give: about 1\.26 to 1\.59 bits\/byte instead of 2\.00/m);
  assert.match(text, new RegExp(`^Report: ${path.join("home", "report.html")}$`, "m"));
  assert.match(text, /^Call it \(while `npx homegrown serve` runs\):$/m);
  assert.match(text, /^ {2}curl http:\/\/127\.0\.0\.1:8080\/v1\/chat\/completions .*\\$/m);
  const body: unknown = JSON.parse(/-d '(.*)'/.exec(text)?.[1] ?? "");
  assert.deepEqual(body, { model: "first", messages: [{ role: "user", content: "Declare it." }] });
  assert.match(text, /new OpenAI\(\{ baseURL: "http:\/\/127\.0\.0\.1:8080\/v1"/);
  assert.equal(text.match(/^ {2}npx homegrown /gm)?.length, 3);
});

test("another port, another name, and a server that goes on change the lines", () => {
  assert.match(describeNext(steps({ url: "http://127.0.0.1:9000" })), /serve --port 9000` runs/);
  assert.match(describeNext(steps({ servesOn: true })), /^Call it:$/m);
  const named = describeNext(steps({}, "mine"));
  assert.match(named, /npx homegrown chat mine /);
  assert.match(named, /up --minutes 30 --name mine /);
});

test("no outlook where nothing supports one", () => {
  assert.doesNotMatch(describeNext(steps({ minutes: 30 })), /30 minutes would give/);
  const growth = { ...steps().growth, report: exampleCard() };
  assert.doesNotMatch(describeNext(steps({ growth })), /30 minutes would give/);
});

test("who is champion is said when it is another version", () => {
  assert.match(describeChampion("first@v2", "first@v1"), /This was first@v1\. The champion is first@v2/);
  assert.match(describeChampion(undefined, "first@v1"), /no champion.*\n.*promote first@v1/);
});
