// OpenAI embeddings: unit vectors that are a function of the text.
import { createHash } from "node:crypto";
import { openAiError } from "./chat-completions.ts";
import { oneOf, optional, refuseUnknown, toInteger, toList, toText } from "./check.ts";
import type { Body, ScriptedProtocol } from "./protocol.ts";
import { Refusal } from "./turn.ts";
import type { Turn } from "./turn.ts";

const KNOWN = new Set(["dimensions", "encoding_format", "input", "model", "user"]);
const DIMENSIONS = 8;

export const embeddings: ScriptedProtocol = {
  name: "embeddings",
  path: "/v1/embeddings",
  read,
  numChoices: () => 1,
  whole({ body, turn, usage }) {
    const dimensions = Number(body["dimensions"] ?? DIMENSIONS);
    const data = toInputs(body["input"]).map((text, index) => {
      const vector = embed(text, dimensions);
      const embedding =
        body["encoding_format"] === "base64"
          ? Buffer.from(Float32Array.from(vector).buffer).toString("base64")
          : vector;
      return { object: "embedding", index, embedding };
    });
    const tokens = usage && { usage: { prompt_tokens: usage.input, total_tokens: usage.input } };
    return { object: "list", model: turn.model, data, ...tokens };
  },
  events: undefined,
  error: openAiError,
  errorEvent: () => "",
};

function read(body: Body): Turn {
  refuseUnknown(body, KNOWN);
  optional(body["dimensions"], "dimensions", toInteger(1, 4096));
  optional(body["encoding_format"], "encoding_format", oneOf("float", "base64"));
  const inputs = toInputs(body["input"]);
  return {
    model: toText(body["model"], "model"),
    userText: "",
    numInputCharacters: inputs.reduce((sum, text) => sum + text.length, 0),
    images: [],
    numFiles: 0,
    tools: [],
    toolChoice: "none",
    parallelCalls: false,
    toolResults: undefined,
    json: undefined,
    maxTokens: 0,
    stop: [],
    reasons: false,
  };
}

function toInputs(value: unknown): string[] {
  const list = typeof value === "string" ? [value] : toList(value, "input");
  if (list.length === 0 || list.length > 2048)
    throw new Refusal("input: expected 1 to 2048 entries", "input");
  if (list.some((entry) => entry === "")) throw new Refusal("input: must not be empty", "input");
  return list.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
}

function embed(text: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, (_, index) => {
    const digest = createHash("sha256").update(`${index} ${text}`).digest();
    return digest.readInt32LE(0) / 2 ** 31;
  });
  const norm = Math.hypot(...vector) || 1;
  return vector.map((value) => value / norm);
}
