// A documented declaration → the request that it answers, in the words of its own JSDoc. Which phrasing is a
// function of the declaration, so that the same corpus gives the same pairs.
import { sha256 } from "@homegrown/storage";
import type { DeclarationKind, DocumentedDeclaration } from "./declarations.ts";

const NOUNS: Readonly<Record<DeclarationKind, string>> = {
  function: "a function",
  interface: "an interface",
  type: "a type",
  constant: "a constant",
  method: "a method",
};

/** Verbs that open JSDoc sentences, in the imperative. */
const VERBS = new Set(
  (
    "abort accept access acquire activate add allow append apply assert assign attach await begin bind block build call " +
    "calculate cancel capture cast change check clamp cleanup clear clone close collect combine compare compile compute concat " +
    "configure connect construct consume contain convert copy count create decode define delete describe destroy " +
    "detect determine disable discard disconnect dispatch display dispose download drop emit enable encode end enforce ensure " +
    "escape evaluate execute exit expand export expose extend extract fetch fill filter find finish flatten flush " +
    "force forward format free generate get give handle hash hide hold ignore implement import indicate inherit initialize " +
    "insert inspect install intercept interpret instruct invoke iterate join keep kill limit list listen load lock log look loop make mangle map " +
    "mark match measure merge mimic modify move normalize notify observe obtain open output override parse pass patch pause " +
    "perform permit pick pipe poll pop prepare prepend prevent print process produce provide publish push put query raise " +
    "read receive record redirect reduce refresh register reject release reload remove rename render repeat replace report " +
    "represent request require reset resize resolve restart restore restrict resume retrieve return reverse revoke " +
    "roll rotate run sample save scan schedule search select send serialize set setup shift show sign signal skip " +
    "slice sort specify split start stop store stream stringify strip submit subscribe suspend swap switch sync take " +
    "terminate test throw toggle track transform translate traverse trigger trim truncate try turn unlock unregister " +
    "unwrap update upload use validate verify visit wait walk watch wrap write yield"
  ).split(" "),
);

/** The user's message, or undefined when the sentence makes no request. */
export function phraseRequest({
  kind,
  name,
  description,
  declaration,
}: DocumentedDeclaration): string | undefined {
  const sentence = firstSentence(description);
  if (sentence === undefined) return undefined;
  const variant = Number.parseInt(sha256(`${name}\0${declaration}`).slice(0, 4), 16) % 4;
  const noun = NOUNS[kind];
  const action = toAction(sentence);
  if (action !== undefined || SUBJECT.test(sentence)) {
    const rest =
      action === undefined ? `for ${sentence[0]!.toLowerCase()}${sentence.slice(1)}` : `that ${action}`;
    if (variant === 0) return `Declare ${noun} named ${name} ${rest}.`;
    if (variant === 1) return `Write the TypeScript declaration of ${noun} ${rest}.`;
    return `Declare ${noun} ${rest}.`;
  }
  if (ASIDE.test(sentence)) return undefined;
  return variant < 2
    ? `Declare ${noun} named ${name}: ${sentence}.`
    : `Declare ${noun} for this: ${sentence}.`;
}

/** What the declaration stands for, as a noun. */
const SUBJECT = /^(The(?! \*\*)|An?|All|Options|Settings|Configuration|Parameters|Information|Data)\b/;
/** Remarks on when or where, which ask for nothing. */
const ASIDE =
  /^(The \*\*|Fired|Emitted|Same|Prior|See|Alias|Note|This|These|It|If|When|Not|Internal|Here|Called|Issued)/;

const MIN_LENGTH = 15;
const MAX_LENGTH = 200;

/** Without its full stop; undefined when it is too short, too long or no sentence. */
function firstSentence(description: string): string | undefined {
  const end = /(?<![ei]\.[ge]|etc|vs)[.!?:](?=\s|$)/.exec(description);
  const sentence = (end === null ? description : description.slice(0, end.index)).trim();
  const isSentence =
    sentence.length >= MIN_LENGTH &&
    sentence.length <= MAX_LENGTH &&
    sentence.split(" ").length >= 3 &&
    /^[A-Z`]/.test(sentence) &&
    !/[<>{}]|https?:|TODO|FIXME|eslint|deprecated/i.test(sentence);
  return isSentence ? sentence : undefined;
}

/**
 * The verb phrase of a sentence, in the third person: "Return the size", "Returns the size" and "The `size()`
 * method returns the size" all give "returns the size". Undefined for what opens with no known verb.
 */
function toAction(sentence: string): string | undefined {
  const predicate = sentence.replace(NAMED_SUBJECT, "");
  // After a subject the next word is the verb, whichever it is.
  if (predicate !== sentence && /^(?!(is|was|has)\b)[a-z]+s\b/.test(predicate)) return predicate;
  return toThirdPerson(predicate);
}

/** MDN's and Node's sentences name their own subject: "The **`keys()`** method of the Headers interface …". */
const NAMED_SUBJECT =
  /^(?:The )?(?:\*\*)?`[^`]+`(?:\*\*)? (?:(?:static |read-only )?(?:method|property|function) )?(?:of (?:the )?[^ ]+ (?:interface|instances|API) )?/;

/** "Return the size" and "Returns the size" → "returns the size"; undefined for what opens with no known verb. */
function toThirdPerson(sentence: string): string | undefined {
  const [first = "", ...rest] = sentence.split(" ");
  const word = first.toLowerCase();
  if (VERBS.has(word)) return [conjugate(word), ...rest].join(" ");
  const base = [word.slice(0, -1), word.slice(0, -2), `${word.slice(0, -3)}y`].find(
    (candidate) => VERBS.has(candidate) && conjugate(candidate) === word,
  );
  return base === undefined ? undefined : [word, ...rest].join(" ");
}

function conjugate(verb: string): string {
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ies`;
  return /(s|sh|ch|x|z|o)$/.test(verb) ? `${verb}es` : `${verb}s`;
}
