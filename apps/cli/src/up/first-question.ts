import { HomegrownError } from "@homegrown/contracts";
import type { Dataset } from "@homegrown/data";
import { indent, toPrintable } from "../terminal/format.ts";

const MAX_TOKENS = 160;
/** Asked when declarations were learnt: the kind of question that tuning prepared. */
const TYPESCRIPT_QUESTION = "Declare a function that reads a file and returns its lines.";
const PROSE_QUESTION = "Tell me something that you have learnt.";

export async function chooseQuestion(text: Dataset): Promise<string> {
  for await (const { kind } of text.documents("heldOut")) {
    if (kind === "declarations") return TYPESCRIPT_QUESTION;
  }
  return PROSE_QUESTION;
}

interface Question {
  url: string;
  model: string;
  question: string;
  signal: AbortSignal;
}

/** One chat completion over HTTP, greedy, so that two runs of one model answer alike. */
export async function askOverHttp({
  url,
  model,
  question,
  signal,
}: Question): Promise<{ text: string; shown: string }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: question }],
      max_tokens: MAX_TOKENS,
      temperature: 0,
    }),
    signal,
  });
  const body = (await response.json()) as {
    choices?: { message: { content: string } }[];
    error?: { message: string };
  };
  const text = body.choices?.[0]?.message.content;
  if (text === undefined) {
    throw new HomegrownError({
      code: "cli/no-answer",
      kind: "internal",
      message: `the model did not answer: HTTP ${response.status}, ${body.error?.message ?? "no error text"}`,
      hint: "Run `homegrown doctor`, then `homegrown serve` to see more.",
    });
  }
  return { text, shown: indent(toPrintable(text)) };
}
