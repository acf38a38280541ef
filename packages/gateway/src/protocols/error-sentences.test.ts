import assert from "node:assert/strict";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { toSentences } from "./error-sentences.ts";

const words = (message: string): string =>
  toSentences(new HomegrownError({ code: "a/b", kind: "internal", message, hint: "Do this." }));

test("message and hint are two sentences, however the message was written", () => {
  assert.equal(words("the request has no API key"), "The request has no API key. Do this.");
  assert.equal(words("It is draining."), "It is draining. Do this.");
  assert.equal(words("up/quick: it does not answer"), "up/quick: it does not answer. Do this.");
  assert.equal(words("temperature: expected a number"), "temperature: expected a number. Do this.");
});
