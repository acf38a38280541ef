// Tools of the request as the chat port's, and the way back. Namespaces become part of a flat name; tools whose
// input is text instead of JSON become functions with one string.
import { createHash } from "node:crypto";
import { z } from "zod";
import type { ChatCall } from "@homegrown/contracts";
import { invalidRequest } from "../invalid-request.ts";

export type PortTool = Extract<NonNullable<ChatCall["tools"]>[number], { type: "function" }>;
export type PortToolChoice = NonNullable<ChatCall["toolChoice"]>;

/** A tool as clients know it. */
export interface WireTool {
  kind: "function" | "custom";
  name: string;
  namespace: string | undefined;
}

export interface ToolTranslation {
  tools: PortTool[];
  toolChoice: PortToolChoice | undefined;
  /** Hosted tools that were left out, as `tools.web_search`. */
  dropped: string[];
  names: ToolNames;
}

const nameSchema = z.string().min(1).max(128);
const functionSchema = z.object({
  type: z.literal("function"),
  name: nameSchema,
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});
const customSchema = z.object({
  type: z.literal("custom"),
  name: nameSchema,
  description: z.string().nullish(),
  format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("grammar"), syntax: z.string().max(32), definition: z.string() }),
    ])
    .nullish(),
});
const namespaceSchema = z.object({
  type: z.literal("namespace"),
  name: nameSchema,
  description: z.string().nullish(),
  tools: z.array(z.discriminatedUnion("type", [functionSchema, customSchema])).max(1024),
});
const callableSchema = z.discriminatedUnion("type", [functionSchema, customSchema, namespaceSchema]);
const CALLABLE = new Set(["function", "custom", "namespace"]);

const choiceSchema = z.union([
  z.enum(["none", "auto", "required"]),
  z.looseObject({ type: z.string().max(64), name: nameSchema.nullish(), namespace: nameSchema.nullish() }),
]);
const allowedSchema = z.object({
  mode: z.enum(["auto", "required"]),
  tools: z.array(z.looseObject({ type: z.string().max(64), name: z.string().nullish() })).max(1024),
});

/** Names that every provider takes. */
const MAX_PORT_NAME = 64;
const INPUT_FIELD = "input";

/** Which flat name stands for which tool; the same tool gets the same name in every turn. */
export class ToolNames {
  readonly #byPortName = new Map<string, WireTool>();

  add(tool: WireTool): string {
    let name = flatName(tool.namespace, tool.name);
    const taken = this.#byPortName.get(name);
    if (taken && (taken.name !== tool.name || taken.namespace !== tool.namespace)) {
      name = withHash(tool.namespace, tool.name, name);
    }
    this.#byPortName.set(name, tool);
    return name;
  }

  /** The name in the port of a tool that a past call names, whether it is still offered or not. */
  toPort(namespace: string | undefined, name: string): string {
    for (const [portName, tool] of this.#byPortName) {
      if (tool.name === name && tool.namespace === namespace) return portName;
    }
    return flatName(namespace, name);
  }

  fromPort(portName: string): WireTool {
    return this.#byPortName.get(portName) ?? { kind: "function", name: portName, namespace: undefined };
  }
}

/** Throws `gateway/invalid-request`. `tools` may stand at several places of the request; each says where. */
export function toPortTools(
  tools: readonly { tool: Readonly<Record<string, unknown>>; at: string }[],
  choice: unknown,
): ToolTranslation {
  const names = new ToolNames();
  const ported: { tool: PortTool; wire: WireTool }[] = [];
  const dropped = new Set<string>();
  const add = (tool: z.output<typeof functionSchema | typeof customSchema>, namespace?: string): void => {
    const wire: WireTool = { kind: tool.type, name: tool.name, namespace };
    const name = names.add(wire);
    ported.push({ wire, tool: tool.type === "function" ? fromFunction(tool, name) : fromCustom(tool, name) });
  };
  for (const { tool, at } of tools) {
    if (!CALLABLE.has(String(tool["type"]))) {
      dropped.add(hostedName(tool["type"], at));
      continue;
    }
    const parsed = check(callableSchema, tool, at);
    if (parsed.type === "namespace") for (const inner of parsed.tools) add(inner, parsed.name);
    else add(parsed);
  }
  const chosen = choose(choice, ported, names, dropped);
  return { ...chosen, names, dropped: [...dropped].map((name) => `tools.${name}`) };
}

function choose(
  choice: unknown,
  ported: readonly { tool: PortTool; wire: WireTool }[],
  names: ToolNames,
  dropped: ReadonlySet<string>,
): Pick<ToolTranslation, "tools" | "toolChoice"> {
  const all = ported.map(({ tool }) => tool);
  if (choice === null || choice === undefined) return { tools: all, toolChoice: undefined };
  const parsed = check(choiceSchema, choice, "tool_choice");
  if (typeof parsed === "string") {
    if (parsed === "required" && dropped.size > 0) throw needsHosted("tools", [...dropped].join("', '"));
    return { tools: all, toolChoice: all.length > 0 ? { type: parsed } : undefined };
  }
  if (parsed.type === "allowed_tools") {
    const { mode, tools } = check(allowedSchema, choice, "tool_choice");
    const allowed = ported.filter(({ wire }) =>
      tools.some(({ type, name }) =>
        type === "namespace" ? name === wire.namespace : type === wire.kind && name === wire.name,
      ),
    );
    if (mode === "required" && allowed.length === 0) throw needsHosted("tool_choice.tools", "allowed_tools");
    return {
      tools: allowed.map(({ tool }) => tool),
      toolChoice: allowed.length > 0 ? { type: mode } : undefined,
    };
  }
  if ((parsed.type !== "function" && parsed.type !== "custom") || !parsed.name) {
    throw needsHosted("tool_choice", hostedName(parsed.type, "tool_choice"));
  }
  const toolName = names.toPort(parsed.namespace ?? undefined, parsed.name);
  if (!all.some(({ name }) => name === toolName)) {
    throw invalidRequest(
      "tool_choice.name",
      "value",
      "'tool_choice' names a tool that is not in 'tools'.",
      "Name one of the request's tools.",
    );
  }
  return { tools: all, toolChoice: { type: "tool", toolName } };
}

function fromFunction(tool: z.output<typeof functionSchema>, name: string): PortTool {
  return {
    type: "function",
    name,
    ...(tool.description && { description: tool.description }),
    inputSchema: tool.parameters ?? { type: "object", properties: {} },
    ...(typeof tool.strict === "boolean" && { strict: tool.strict }),
  };
}

function fromCustom({ description, format }: z.output<typeof customSchema>, name: string): PortTool {
  const grammar =
    format?.type === "grammar"
      ? `\n\nThe value of '${INPUT_FIELD}' must match this ${format.syntax} grammar:\n${format.definition}`
      : "";
  return {
    type: "function",
    name,
    description: `${description ?? ""}${grammar}`,
    inputSchema: {
      type: "object",
      properties: { [INPUT_FIELD]: { type: "string" } },
      required: [INPUT_FIELD],
      additionalProperties: false,
    },
  };
}

/** The text that a model gave a custom tool. A model that kept to no schema is taken at its word. */
export function customInputOf(argumentsJson: string): string {
  try {
    const value = JSON.parse(argumentsJson) as Record<string, unknown> | null;
    const input = value?.[INPUT_FIELD];
    return typeof input === "string" ? input : argumentsJson;
  } catch {
    return argumentsJson;
  }
}

export function toCustomArguments(input: string): Record<string, string> {
  return { [INPUT_FIELD]: input };
}

function flatName(namespace: string | undefined, name: string): string {
  if (namespace === undefined) return name;
  const flat = `${namespace}${namespace.endsWith("__") ? "" : "__"}${name}`;
  return flat.length <= MAX_PORT_NAME ? flat : withHash(namespace, name, flat);
}

function withHash(namespace: string | undefined, name: string, flat: string): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([namespace, name]))
    .digest("hex");
  return `${flat.slice(0, MAX_PORT_NAME - 9)}_${hash.slice(0, 8)}`;
}

function hostedName(type: unknown, at: string): string {
  if (typeof type === "string" && /^[\w.-]{1,64}$/.test(type)) return type;
  throw invalidRequest(`${at}.type`, "value", `'${at}.type' names no kind of tool.`, `Correct '${at}'.`);
}

function needsHosted(param: string, what: string): Error {
  return invalidRequest(
    param,
    "unsupported",
    `The model behind this name cannot use the tool '${what}', and the request insists on a tool.`,
    "Set 'tool_choice' to 'auto', or ask a model of a provider that hosts this tool.",
  );
}

/** Against a schema; the message never quotes a value. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = (issue?.path ?? []).map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  const param = `${at}${path.join("")}`;
  throw invalidRequest(
    param,
    "value",
    `The parameter '${param}' is not valid: ${issue?.message}.`,
    `Correct '${param}'.`,
  );
}
