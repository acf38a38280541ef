// What every version grown from one text is asked to continue, so that their cards can be read side by side.
import type { Dataset } from "@homegrown/data";
import { TYPESCRIPT_PROMPTS } from "@homegrown/evaluation";

export interface FixedPrompt {
  prompt: string;
  /** What the held-out text says, where it says anything. */
  truth?: string;
}

const NUM_PROMPTS = 4;
const MAX_PROMPT = 200;
const MAX_TRUTH = 240;
/** An interface, a type, a function, a documented function. */
const DECLARATIONS = [0, 2, 3, 8];

/** For declaration files some of the prompts that they all share; else how the first held-out documents begin. */
export async function chooseFixedPrompts(text: Dataset): Promise<FixedPrompt[]> {
  if (await isTypeScript(text)) return DECLARATIONS.map((index) => ({ prompt: TYPESCRIPT_PROMPTS[index]! }));
  const prompts: FixedPrompt[] = [];
  for await (const { text: document } of text.heldOutDocuments()) {
    const beginning = toPrompt(document);
    if (beginning) prompts.push(beginning);
    if (prompts.length === NUM_PROMPTS) break;
  }
  return prompts;
}

/** Whether the held-out documents are mostly declaration files, so that parsing completions says something. */
export async function isTypeScript(text: Dataset): Promise<boolean> {
  let declarations = 0;
  let all = 0;
  for await (const { kind } of text.documents("heldOut")) {
    all += 1;
    if (kind === "declarations") declarations += 1;
  }
  return declarations * 2 > all;
}

/** Cut before a space, where a word and therefore a token begins. */
function toPrompt(document: string): FixedPrompt | undefined {
  const limit = Math.min(MAX_PROMPT, Math.floor(document.length / 2));
  const cut = document.slice(0, limit).search(/\s\S*$/);
  if (cut <= 0 || document.slice(0, cut).trim() === "") return undefined;
  return { prompt: document.slice(0, cut), truth: document.slice(cut, cut + MAX_TRUTH).toWellFormed() };
}
