// What one capture teaches: each of its answers, with what was said about it.
import type { Feedback } from "../../feedback/feedback.ts";
import type { Capture } from "../capture-rows.ts";
import { fromMessages } from "./anthropic-messages.ts";
import { Unexportable, toFields } from "./conversation.ts";
import type { ChatMessage, Conversation, Finish, Tool } from "./conversation.ts";
import { fromChatCompletions, toChatMessages } from "./openai-chat.ts";
import { fromCompletions } from "./openai-completions.ts";
import { fromResponses } from "./openai-responses.ts";

/** `Said` is a list of messages, or a text. */
export interface Example<Said> {
  choice: number;
  prompt: Said;
  answer: Said;
  /** What should have been answered. */
  correction: Said | undefined;
  score: number | undefined;
  outcome: string | undefined;
  finish: Finish;
  tools: readonly Tool[];
}

/** Throws `Unexportable`, also for captures that are no conversation. */
export function toChatExamples(
  capture: Capture,
  feedback: readonly Feedback[],
): Example<readonly ChatMessage[]>[] {
  const { prompt, tools, answers } = toConversation(capture);
  if (answers.length === 0) throw new Unexportable("unreadable");
  return answers.map(({ choice, message, finish }) => {
    const { correction, ...said } = latestOf(feedback, choice);
    return {
      ...said,
      choice,
      prompt,
      tools,
      answer: [message],
      correction:
        typeof correction === "string"
          ? [{ role: "assistant", content: correction }]
          : correction && toChatMessages(correction),
      finish,
    };
  });
}

/** Throws `Unexportable`, also for captures that are no plain text. */
export function toTextExamples(capture: Capture, feedback: readonly Feedback[]): Example<string>[] {
  if (capture.dialect !== "openai/completions") throw new Unexportable("other-form");
  const continuations = fromCompletions(parse(capture.request), parse(capture.answer));
  return continuations.map(({ choice, prompt, text, finish }) => {
    const { correction, ...said } = latestOf(feedback, choice);
    return {
      ...said,
      choice,
      prompt,
      answer: text,
      correction: typeof correction === "string" ? correction : undefined,
      finish,
      tools: [],
    };
  });
}

function toConversation(capture: Capture): Conversation {
  const request = parse(capture.request);
  const answer = parse(capture.answer);
  switch (capture.dialect) {
    case "openai/chat-completions":
      return fromChatCompletions(request, answer);
    case "openai/responses":
      return fromResponses(request, answer);
    case "anthropic/messages":
      return fromMessages(request, answer);
    default:
      throw new Unexportable("other-form");
  }
}

function parse(json: string): ReturnType<typeof toFields> {
  return toFields(JSON.parse(json));
}

/** Who says something twice means the last; `feedback` is oldest first. */
function latestOf(
  feedback: readonly Feedback[],
  choice: number,
): Pick<Feedback, "correction" | "score" | "outcome"> {
  const ofChoice = feedback.filter((one) => one.choice === choice);
  return {
    correction: ofChoice.findLast((one) => one.correction !== undefined)?.correction,
    score: ofChoice.findLast(({ score }) => score !== undefined)?.score,
    outcome: ofChoice.findLast(({ outcome }) => outcome !== undefined)?.outcome,
  };
}
