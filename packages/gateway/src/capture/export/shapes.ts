// The rows that trainers read, under the names that Hugging Face's TRL gives their columns.
// https://huggingface.co/docs/trl/dataset_formats
import type { Rights } from "@homegrown/contracts";
import { Unexportable } from "./conversation.ts";
import type { ChatMessage } from "./conversation.ts";
import type { Example } from "./examples.ts";

export const EXPORT_SHAPES = ["messages", "completions", "preference", "rated"] as const;
/**
 * `messages`: whole conversations (text: `text`). `completions`: `prompt` and `completion`, of which only the second
 * is learned. `preference`: `prompt`, `chosen` (a correction) and `rejected` (what was answered). `rated`: `prompt`,
 * `completion` and whether its score was above 0 (`label`).
 */
export type ExportShape = (typeof EXPORT_SHAPES)[number];

export type ExportRight = Extract<Rights, "evaluate" | "train">;

/** Throws `Unexportable`. */
export function toChatRow(
  example: Example<readonly ChatMessage[]>,
  shape: ExportShape,
  right: ExportRight,
): object {
  const { prompt, tools } = example;
  const columns = tools.length > 0 ? { tools } : {};
  if (shape !== "messages") return { ...toPair(example, shape, right), ...columns };
  // Trainers learn every assistant's turn of a conversation. The last one's right is known, and no other's.
  if (right === "train" && prompt.some(({ role }) => role === "assistant")) {
    throw new Unexportable("earlier-answers");
  }
  return { messages: [...prompt, ...bestOf(example, right)], ...columns };
}

/** Throws `Unexportable`. */
export function toTextRow(example: Example<string>, shape: ExportShape, right: ExportRight): object {
  if (shape !== "messages") return toPair(example, shape, right);
  return { text: example.prompt + bestOf(example, right) };
}

function toPair<Said extends string | readonly ChatMessage[]>(
  example: Example<Said>,
  shape: Exclude<ExportShape, "messages">,
  right: ExportRight,
): object {
  const { prompt, answer, correction, score } = example;
  switch (shape) {
    case "completions":
      return { prompt, completion: bestOf(example, right) };
    case "preference": {
      const isCorrected = correction !== undefined && JSON.stringify(correction) !== JSON.stringify(answer);
      if (!isCorrected) throw new Unexportable("no-feedback");
      return { prompt, chosen: correction, rejected: answer };
    }
    case "rated":
      if (score === undefined || score === 0) throw new Unexportable("no-feedback");
      return { prompt, completion: answer, label: score > 0 };
  }
}

/** What should have been answered, or else what was; nobody should learn to stop in the middle of a sentence. */
function bestOf<Said extends string | readonly ChatMessage[]>(
  { answer, correction, finish }: Example<Said>,
  right: ExportRight,
): Said {
  if (correction !== undefined) return correction;
  const isText = typeof answer === "string";
  // Plain text has no end but the one that the client set.
  if (right === "train" && finish !== "complete" && !(isText && finish === "truncated")) {
    throw new Unexportable(finish);
  }
  return answer;
}
