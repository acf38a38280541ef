// What the scripted model says: a pure function of the turn. The last user message may hold a script:
//   say: TEXT                the answer is TEXT
//   repeat N: WORD           the answer is WORD, N times
//   call NAME({JSON})        calls that tool with these arguments; several calls are parallel ones
//   call NAME                the same with the least arguments that the tool's schema allows
// Otherwise the user's text is echoed. After tool results, they are.
import { createHash } from "node:crypto";
import { exampleOf } from "./schema-example.ts";
import type { Call, Reply, ToolResult, Turn } from "./turn.ts";

const MAX_REPEATS = 100_000;
const MAX_ECHO = 400;

export function composeReply(turn: Turn, choice = 0): Reply {
  const reasoning = turn.reasons ? toTokens(`Thinking about: ${turn.userText.slice(0, 60)}`) : [];
  const calls = turn.json || turn.toolResults ? [] : toCalls(turn);
  const whole = calls.length > 0 ? toolPreamble(turn) : toText(turn, choice);
  const { text, finish, stopSequence } = limit(whole, turn, reasoning.length);
  const callTokens = calls.reduce((sum, { input }) => sum + countTokens(input) + 4, 0);
  return {
    reasoning,
    text,
    calls: finish === "length" ? [] : calls,
    finish: finish !== "stop" ? finish : calls.length > 0 ? "tool-calls" : "stop",
    stopSequence,
    usage: {
      input: countInput(turn.numInputCharacters),
      cacheRead: 0,
      cacheWrite: 0,
      output: reasoning.length + text.length + (finish === "length" ? 0 : callTokens),
      reasoning: reasoning.length,
    },
  };
}

/** Four characters to a token, never half of a surrogate pair. */
export function toTokens(text: string): string[] {
  return text.match(/[^]{1,4}/gu) ?? [];
}

export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function countInput(numCharacters: number): number {
  return Math.max(1, Math.ceil(numCharacters / 4));
}

function toText(turn: Turn, choice: number): string {
  if (turn.json) return JSON.stringify(exampleOf(turn.json.schema, turn.userText.slice(0, 40)));
  if (turn.toolResults) return `Results: ${turn.toolResults.map(renderResult).join("; ")}`;
  return scripted(turn.userText) + acknowledge(turn) + (choice > 0 ? ` (choice ${choice})` : "");
}

function scripted(userText: string): string {
  const said = /say: ([^]*)/.exec(userText)?.[1];
  if (said !== undefined) return said;
  const repeat = /repeat (\d{1,6}): (\S+)/.exec(userText);
  if (repeat)
    return Array(Math.min(Number(repeat[1]), MAX_REPEATS))
      .fill(repeat[2])
      .join(" ");
  return `You said: ${userText.slice(0, MAX_ECHO)}`;
}

function acknowledge({ images, numFiles }: Turn): string {
  const parts: string[] = [];
  if (images.length > 0) parts.push(` I see ${images.length} image(s): ${images.join(", ")}.`);
  if (numFiles > 0) parts.push(` I read ${numFiles} file(s).`);
  return parts.join("");
}

function renderResult({ name, text }: ToolResult): string {
  return `${name}=${text.slice(0, MAX_ECHO)}`;
}

function toolPreamble({ userText }: Turn): string {
  return userText.includes("silently") ? "" : "Let me look.";
}

function toCalls({ tools, toolChoice, parallelCalls, userText }: Turn): Call[] {
  if (tools.length === 0 || toolChoice === "none") return [];
  const calls: Call[] = [];
  const mention = /call ([\w.-]+)(\()?/g;
  for (let match = mention.exec(userText); match; match = mention.exec(userText)) {
    const [whole, name, opens] = match;
    const tool = tools.find((offered) => offered.name === name);
    if (!tool || (typeof toolChoice === "object" && toolChoice.name !== name)) continue;
    const from = match.index + whole.length;
    const given = opens === undefined ? undefined : readArguments(userText, from);
    if (given !== undefined) mention.lastIndex = from + given.length;
    const input = given ?? (tool.isCustom ? "text" : JSON.stringify(exampleOf(tool.schema)));
    calls.push({
      id: callId(tool.name, calls.length, userText),
      name: tool.name,
      input,
      isCustom: tool.isCustom,
    });
  }
  if (calls.length === 0 && toolChoice !== "auto") {
    const wanted = typeof toolChoice === "object" ? toolChoice.name : tools[0]!.name;
    const tool = tools.find(({ name }) => name === wanted)!;
    const input = tool.isCustom ? "text" : JSON.stringify(exampleOf(tool.schema));
    calls.push({ id: callId(wanted, 0, userText), name: wanted, input, isCustom: tool.isCustom });
  }
  return parallelCalls ? calls : calls.slice(0, 1);
}

/** Up to the parenthesis that closes the call; strings are stepped over. */
function readArguments(text: string, from: number): string | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      while (++at < text.length && text[at] !== '"') if (text[at] === "\\") at++;
    } else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return text.slice(from, at);
  }
  return undefined;
}

function callId(name: string, index: number, userText: string): string {
  const digest = createHash("sha256").update(`${name} ${index} ${userText}`).digest("hex");
  return digest.slice(0, 24);
}

function limit(
  whole: string,
  { maxTokens, stop }: Turn,
  used: number,
): { text: string[]; finish: "stop" | "length" | "stop-sequence"; stopSequence: string | undefined } {
  let end = whole.length;
  let stopSequence: string | undefined;
  for (const sequence of stop) {
    const at = sequence === "" ? -1 : whole.indexOf(sequence);
    if (at >= 0 && at < end) {
      end = at;
      stopSequence = sequence;
    }
  }
  const tokens = toTokens(whole.slice(0, end));
  const left = maxTokens === undefined ? tokens.length : Math.max(0, maxTokens - used);
  if (tokens.length > left) return { text: tokens.slice(0, left), finish: "length", stopSequence: undefined };
  return { text: tokens, finish: stopSequence === undefined ? "stop" : "stop-sequence", stopSequence };
}
