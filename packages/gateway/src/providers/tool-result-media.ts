// In some protocols a tool's message holds text alone, and packages write an image in it as base64 within JSON: many
// tokens that show nothing. There, texts stay in the result, and images and files follow in a user's message.
import type { ChatCall, ChatModel } from "@homegrown/contracts";
import type { ProviderDefinition } from "./provider-kind.ts";

type Prompt = ChatCall["prompt"];
type Message = Prompt[number];
type UserPart = Extract<Message, { role: "user" }>["content"][number];
type ToolPart = Extract<Message, { role: "tool" }>["content"][number];
type ToolResult = Extract<ToolPart, { type: "tool-result" }>;
type Content = Extract<ToolResult["output"], { type: "content" }>["value"];

const FOLLOWS = "The result follows in the next message.";
/** Says no more than that the results were taken in: what answers them comes later. */
const BRIDGE = "I have the results.";

/** The model asked with results of tools as its package can show them; `shown` as in `moveToolMedia`. */
export function withShownToolResults(
  model: ChatModel,
  shown: readonly string[],
  { toolTurnEnds }: Pick<ProviderDefinition, "toolTurnEnds">,
): ChatModel {
  const adapt = (call: ChatCall): ChatCall => {
    const moved = moveToolMedia(call.prompt, shown);
    const prompt = toolTurnEnds === "assistant" ? bridgeToolTurns(moved) : moved;
    return prompt === call.prompt ? call : { ...call, prompt };
  };
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: (call) => model.doGenerate(adapt(call)),
    doStream: (call) => model.doStream(adapt(call)),
  };
}

/**
 * The prompt whose tool results hold media of the `shown` types alone (`image/*`; `*` is any). Other media follow
 * the run of tool messages, in order and each under its tool's name: in the user's message there, or in one of
 * their own.
 */
export function moveToolMedia(prompt: Prompt, shown: readonly string[]): Prompt {
  if (!prompt.some(holdsContent)) return prompt;
  const moved: Prompt = [];
  let media: UserPart[] = [];
  for (const message of prompt) {
    if (message.role === "tool") {
      moved.push({ ...message, content: message.content.map((part) => takeMedia(part, shown, media)) });
      continue;
    }
    if (media.length === 0) moved.push(message);
    // Many chat templates refuse two messages of a user in a row.
    else if (message.role === "user") moved.push({ ...message, content: [...media, ...message.content] });
    else moved.push({ role: "user", content: media }, message);
    media = [];
  }
  if (media.length > 0) moved.push({ role: "user", content: media });
  return moved;
}

/** The prompt with a word of the assistant between results of tools and a user's message. */
export function bridgeToolTurns(prompt: Prompt): Prompt {
  return prompt.flatMap((message, index): Message[] =>
    message.role === "user" && prompt[index - 1]?.role === "tool"
      ? [{ role: "assistant", content: [{ type: "text", text: BRIDGE }] }, message]
      : [message],
  );
}

function holdsContent(message: Message): boolean {
  return (
    message.role === "tool" &&
    message.content.some((part) => part.type === "tool-result" && part.output.type === "content")
  );
}

/** The part without media that its package cannot show, which are added to `media`. */
function takeMedia(part: ToolPart, shown: readonly string[], media: UserPart[]): ToolPart {
  if (part.type !== "tool-result" || part.output.type !== "content") return part;
  const staying: Content = [];
  const leaving: UserPart[] = [];
  for (const piece of part.output.value) {
    if (piece.type === "file" && !isShown(piece.mediaType, shown)) leaving.push(piece);
    else staying.push(piece);
  }
  // Without it the media would read as the user's own, and those of parallel calls as one.
  if (leaving.length > 0) {
    media.push({ type: "text", text: `From the tool ${part.toolName} (call ${part.toolCallId}):` });
  }
  media.push(...leaving);
  return { ...part, output: toOutput(staying, leaving.length > 0) };
}

function toOutput(staying: Content, moved: boolean): ToolResult["output"] {
  const texts = staying.flatMap((piece) => (piece.type === "text" ? [piece.text] : []));
  if (texts.length < staying.length) return { type: "content", value: staying };
  return { type: "text", value: texts.length === 0 && moved ? FOLLOWS : texts.join("\n") };
}

function isShown(mediaType: string, shown: readonly string[]): boolean {
  const [top] = mediaType.split("/");
  return shown.some((range) => range === "*" || range === mediaType || range === `${top}/*`);
}
