// The request of this bench: 2 KB with a conversation and a tool, as both protocols write it.
import type { WireFormat } from "./contenders.ts";

const SYSTEM =
  "You are a careful assistant for an organisation. Answer with facts from the context, cite the section, and say when you do not know. ".repeat(
    4,
  );
const TURNS = [
  { role: "user", content: "Summarise the incident report, with times and causes. ".repeat(10) },
  { role: "assistant", content: "The report names three causes and one open question. ".repeat(5) },
  { role: "user", content: "And what should we do next, in which order? ".repeat(6) },
];
const SCHEMA = {
  type: "object",
  properties: {
    place: { type: "string", description: "City" },
    unit: { type: "string", enum: ["c", "f"] },
  },
  required: ["place"],
};
const TOOL = { name: "get_weather", description: "Get the weather for a place" };

export function requestBody(asks: WireFormat, model: string, stream: boolean): string {
  const common = { model, max_tokens: 256, temperature: 0.7, ...(stream && { stream: true }) };
  return JSON.stringify(
    asks === "openai"
      ? {
          ...common,
          messages: [{ role: "system", content: SYSTEM }, ...TURNS],
          tools: [{ type: "function", function: { ...TOOL, parameters: SCHEMA } }],
        }
      : { ...common, system: SYSTEM, messages: TURNS, tools: [{ ...TOOL, input_schema: SCHEMA }] },
  );
}
