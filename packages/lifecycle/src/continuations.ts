// Conversations for text that documents nothing: the first part of a passage asked for, the next part the
// answer. A tuned model then goes on in the manner of the text instead of not answering at all.
import type { Conversation, Dataset } from "@homegrown/data";

const MAX_PER_DOCUMENT = 8;
const PROMPT_SHARE = 1 / 3;

/** Passages of at most `characters`, of both splits, each on its own side; deterministic, in stored order. */
export async function* mineContinuations(dataset: Dataset, characters: number): AsyncGenerator<Conversation> {
  for (const split of ["train", "heldOut"] as const) {
    for await (const { id, source, text } of dataset.documents(split)) {
      for (let part = 0; part < MAX_PER_DOCUMENT && (part + 1) * characters <= text.length; part++) {
        const passage = text.slice(part * characters, (part + 1) * characters);
        const cut = lastBreak(passage, Math.round(characters * PROMPT_SHARE));
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
