import type { ChatCall } from "@homegrown/contracts";
import { isBlock, isObject, objectField, optionalString, stringField } from "../block-fields.ts";
import type { JsonObject } from "../json.ts";
import { inexpressible, wrongField } from "../parse-request.ts";
import type { PromptBody } from "./body-schema.ts";

type PortTool = Extract<NonNullable<ChatCall["tools"]>[number], { type: "function" }>;
type Tool = NonNullable<PromptBody["tools"]>[number];

/** Tools with a schema of the client's own. Those that Anthropic defines pass through or not at all. */
export function toTools(tools: readonly Tool[], dropped: Set<string>): PortTool[] {
  return tools.map((tool, index) => toTool(tool, `tools.${index}`, dropped));
}

function toTool(tool: Tool, at: string, dropped: Set<string>): PortTool {
  if (typeof tool.type === "string" && tool.type !== "custom") {
    throw inexpressible(`${at}.type`, "a tool that Anthropic defines");
  }
  const { allowed_callers: callers, defer_loading: deferred, input_examples: examples, strict } = tool;
  if (Array.isArray(callers) && !callers.includes("direct")) {
    throw inexpressible(`${at}.allowed_callers`, "a tool that only Anthropic's code execution may call");
  }
  // Elsewhere every tool is loaded from the start.
  if (deferred === true) dropped.add("tools.defer_loading");
  const description = optionalString(tool, "description", at);
  const anthropic: JsonObject = {
    ...(isObject(tool["cache_control"]) && { cacheControl: tool["cache_control"] }),
    ...(typeof tool["eager_input_streaming"] === "boolean" && {
      eagerInputStreaming: tool["eager_input_streaming"],
    }),
  };
  return {
    type: "function",
    name: stringField(tool, "name", at),
    inputSchema: objectField(tool, "input_schema", at),
    ...(description !== undefined && { description }),
    ...(typeof strict === "boolean" && { strict }),
    ...(Array.isArray(examples) && { inputExamples: examples.filter(isObject).map((input) => ({ input })) }),
    ...(Object.keys(anthropic).length > 0 && { providerOptions: { anthropic } }),
  };
}

export interface ToolChoice {
  toolChoice: NonNullable<ChatCall["toolChoice"]>;
  /** True where the client wants at most one call in an answer. */
  oneAtATime: boolean;
}

export function toToolChoice(choice: PromptBody["tool_choice"]): ToolChoice | undefined {
  if (!isBlock(choice)) return undefined;
  const oneAtATime = choice["disable_parallel_tool_use"] === true;
  switch (choice.type) {
    case "auto":
      return { toolChoice: { type: "auto" }, oneAtATime };
    case "any":
      return { toolChoice: { type: "required" }, oneAtATime };
    case "none":
      return { toolChoice: { type: "none" }, oneAtATime: false };
    case "tool": {
      const toolName = stringField(choice, "name", "tool_choice");
      return { toolChoice: { type: "tool", toolName }, oneAtATime };
    }
    default:
      throw wrongField("tool_choice.type", "'auto', 'any', 'tool' or 'none'");
  }
}
