// Conversations for text that documents nothing: the first part of a passage asked for, the next part the
// answer. A tuned model then goes on in the manner of the text instead of not answering at all.
import type { ChatMessage } from "@homegrown/contracts";
import type { Conversation, Dataset } from "@homegrown/data";

const MAX_PER_DOCUMENT = 8;
/** Of a whole passage; a short document gives half to each, so that neither is a scrap. */
const PROMPT_SHARE = { whole: 1 / 3, short: 1 / 2 };
/** Nearly every document that the rules of quality let pass is longer: fifty words are some 200 characters. */
const LEAST_PASSAGE = 60;

/**
 * Passages of both splits, each on its own side; deterministic, in stored order. A passage has `characters`
 * characters, or what a shorter document (or the end of a longer one) holds.
 */
export async function* mineContinuations(dataset: Dataset, characters: number): AsyncGenerator<Conversation> {
  for (const split of ["train", "heldOut"] as const) {
    for await (const { id, source, text } of dataset.documents(split)) {
      let part = 0;
      for (const passage of cutPassages(text.trim(), characters)) {
        const isShort = passage.length < characters;
        if (isShort && passage.length < LEAST_PASSAGE) continue;
        const messages = toContinuation(passage, isShort ? PROMPT_SHARE.short : PROMPT_SHARE.whole);
        if (messages) yield { id: `${id}#${part++}`, source, heldOut: split === "heldOut", messages };
        if (part === MAX_PER_DOCUMENT) break;
      }
    }
  }
}

/** Stretches of `length` characters and a shorter last one; no character is cut in half. */
export function* cutPassages(text: string, length: number): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + Math.max(1, length));
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += 1;
    yield text.slice(start, end);
    start = end;
  }
}

/** A passage as a question and its answer; undefined when it is too short to be two parts. */
export function toContinuation(
  passage: string,
  promptShare: number = PROMPT_SHARE.short,
): ChatMessage[] | undefined {
  const cut = lastBreak(passage, Math.round(passage.length * promptShare));
  const prompt = passage.slice(0, cut).trim();
  const answer = passage.slice(cut).trim();
  if (prompt === "" || answer === "") return undefined;
  return [
    { role: "user", content: `Continue: ${prompt}` },
    { role: "assistant", content: answer },
  ];
}

/** The end of the last whole word before `limit`. */
function lastBreak(text: string, limit: number): number {
  const at = text.slice(0, limit).search(/\s\S*$/);
  if (at > 0) return at;
  return isHighSurrogate(text.charCodeAt(limit - 1)) ? limit + 1 : limit;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
