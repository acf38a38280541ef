// Tools in the port's words. A custom tool of free text is a function of one string to models that know
// functions only; its calls go back to the client as calls of a custom tool.
import type { ChatCall } from "@homegrown/contracts";
import { invalidRequest } from "../invalid-request.ts";
import type { ChatCompletionBody, ToolParam } from "./request.ts";

type PortTool = Extract<NonNullable<ChatCall["tools"]>[number], { type: "function" }>;

export interface PortTools {
  tools: PortTool[] | undefined;
  toolChoice: ChatCall["toolChoice"] | undefined;
  /** Names of the tools whose input is a text and no JSON object. */
  custom: ReadonlySet<string>;
}

const NO_CUSTOM_TOOLS: ReadonlySet<string> = new Set();
const NO_TOOLS: PortTools = { tools: undefined, toolChoice: undefined, custom: NO_CUSTOM_TOOLS };

/** Throws `gateway/invalid-request`. */
export function toPortTools({ tools, tool_choice }: ChatCompletionBody): PortTools {
  const choice = tool_choice ?? "auto";
  if (!tools || tools.length === 0) {
    if (choice === "auto" || choice === "none") return NO_TOOLS;
    throw invalidRequest(
      "tool_choice",
      "value",
      "'tool_choice' asks for a tool, but 'tools' offers none.",
      "Give 'tools', or leave 'tool_choice' out.",
    );
  }
  const ported = tools.map(toPortTool);
  const isCustom = tools.some(({ type }) => type === "custom");
  const custom = isCustom
    ? new Set(tools.flatMap((tool) => (tool.type === "custom" && tool.custom ? [tool.custom.name] : [])))
    : NO_CUSTOM_TOOLS;
  return { ...chooseTools(ported, choice), custom };
}

function toPortTool(tool: ToolParam, index: number): PortTool {
  const at = `tools[${index}]`;
  if (tool.type === "function" && tool.function) {
    const { name, description, parameters, strict } = tool.function;
    return {
      type: "function",
      name,
      inputSchema: parameters ?? { type: "object", properties: {} },
      ...(description && { description }),
      ...(typeof strict === "boolean" && { strict }),
    };
  }
  if (tool.type === "custom" && tool.custom) {
    const { name, description, format } = tool.custom;
    if (format && format.type !== "text") {
      throw invalidRequest(
        `${at}.custom.format`,
        "unsupported",
        `'${at}.custom.format' is a grammar; the models behind this name take free text only.`,
        "Leave the format out, or use a function whose parameters say the same.",
      );
    }
    return { type: "function", name, inputSchema: TEXT_INPUT, ...(description && { description }) };
  }
  if (tool.type === "function" || tool.type === "custom") {
    throw invalidRequest(
      `${at}.${tool.type}`,
      "missing",
      `The required parameter '${at}.${tool.type}' is missing.`,
      `Give '${at}.${tool.type}' a name.`,
    );
  }
  throw invalidRequest(
    `${at}.type`,
    "unsupported",
    `'${at}.type' is neither 'function' nor 'custom'.`,
    "Offer functions or custom tools only.",
  );
}

const TEXT_INPUT: PortTool["inputSchema"] = {
  type: "object",
  properties: { input: { type: "string", description: "The tool's whole input, as free text." } },
  required: ["input"],
  additionalProperties: false,
};

/** What a custom tool's call looks like in a model's memory. */
export function wrapCustomInput(input: string): { input: string } {
  return { input };
}

/** The text that a custom tool was called with, of the JSON that the model wrote. */
export function unwrapCustomInput(json: string): string {
  try {
    const value = JSON.parse(json) as unknown;
    if (typeof value === "string") return value;
    const input = (value as { input?: unknown } | null)?.input;
    if (typeof input === "string") return input;
  } catch {
    // The model wrote no JSON: then that is its text.
  }
  return json;
}

function chooseTools(
  tools: PortTool[],
  choice: NonNullable<ChatCompletionBody["tool_choice"]>,
): Pick<PortTools, "tools" | "toolChoice"> {
  if (choice === "auto") return { tools, toolChoice: undefined };
  if (choice === "none" || choice === "required") return { tools, toolChoice: { type: choice } };
  if (typeof choice === "object") {
    if (choice.type === "function" || choice.type === "custom") {
      const name = nameOf(choice);
      if (name !== undefined && tools.some((tool) => tool.name === name)) {
        return { tools, toolChoice: { type: "tool", toolName: name } };
      }
    }
    if (choice.type === "allowed_tools") return allowTools(tools, choice["allowed_tools"]);
  }
  throw wrongChoice();
}

function allowTools(tools: PortTool[], allowed: unknown): Pick<PortTools, "tools" | "toolChoice"> {
  const { mode, tools: named } = (allowed ?? {}) as { mode?: unknown; tools?: unknown };
  if ((mode !== "auto" && mode !== "required") || !Array.isArray(named)) throw wrongChoice();
  const names = new Set(named.map((tool: unknown) => nameOf(tool)));
  const kept = tools.filter(({ name }) => names.has(name));
  if (kept.length === 0) throw wrongChoice();
  return { tools: kept, toolChoice: { type: mode } };
}

function nameOf(choice: unknown): string | undefined {
  if (typeof choice !== "object" || choice === null) return undefined;
  const { function: named, custom } = choice as { function?: unknown; custom?: unknown };
  const name = ((named ?? custom) as { name?: unknown } | null | undefined)?.name;
  return typeof name === "string" ? name : undefined;
}

function wrongChoice(): Error {
  return invalidRequest(
    "tool_choice",
    "value",
    "'tool_choice' is none of 'auto', 'none', 'required', one of the given tools, or some of them.",
    "Name a tool that 'tools' offers.",
  );
}
