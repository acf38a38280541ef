// Conversations for text that documents nothing: the first part of a passage asked for, the next part the
// answer. A tuned model then goes on in the manner of the text instead of not answering at all.
import type { Conversation, Dataset } from "@homegrown/data";

const PROMPT_CHARACTERS = 160;
const ANSWER_CHARACTERS = 320;
const MAX_PER_DOCUMENT = 8;

/** Passages of both splits, each on its own side; deterministic, in stored order. */
export async function* mineContinuations(dataset: Dataset): AsyncGenerator<Conversation> {
  for (const split of ["train", "heldOut"] as const) {
    for await (const { id, source, text } of dataset.documents(split)) {
      const step = PROMPT_CHARACTERS + ANSWER_CHARACTERS;
      for (let part = 0; part < MAX_PER_DOCUMENT && (part + 1) * step <= text.length; part++) {
        const passage = text.slice(part * step, (part + 1) * step);
        const cut = lastBreak(passage, PROMPT_CHARACTERS);
        const prompt = passage.slice(0, cut).trim();
        const answer = passage.slice(cut).trim();
        if (prompt === "" || answer === "") continue;
        yield {
          id: `${id}#${part}`,
          source,
          heldOut: split === "heldOut",
          messages: [
            { role: "user", content: `Continue: ${prompt}` },
            { role: "assistant", content: answer },
          ],
        };
      }
    }
  }
}

/** The end of the last whole word before `limit`. */
function lastBreak(text: string, limit: number): number {
  const at = text.slice(0, limit).search(/\s\S*$/);
  return at > 0 ? at : limit;
}
