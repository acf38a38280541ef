/**
 * Secrets that say what they are by their surroundings: `DB_PASSWORD=…`, `apiKey: "…"`,
 * `Authorization: Bearer …`, "my password is …". The value must look issued or chosen, not like the
 * expression, type or placeholder that follows the same words in most code.
 */
import type { Detector } from "./kinds.ts";
import { characterEntropy, isPlaceholder, numCharacterClasses } from "./text-signs.ts";

const NAME =
  "pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|secret[_-]?key|account[_-]?key|signing[_-]?key|encryption[_-]?key|client[_-]?secret|private[_-]?key|credentials?";
/** The same for passwords in the languages that people write to a model in. */
const WORDS =
  "password|passwort|kennwort|passphrase|mot de passe|contrase(?:ñ|n)a|senha|wachtwoord|has[łl]o|lösenord|пароль|密码|密碼|パスワード|비밀번호|كلمة (?:المرور|السر)|पासवर्ड|şifre|parola|salasana|adgangskode|jelszó";
/** name, closing quote of a key, a sign of assignment, then a quoted value or a bare run. */
const ASSIGNMENT = new RegExp(
  `(?:${NAME})(?:[_-]?(?:value|key|string|v?\\d))?[ \\t]?["'\\]\`]{0,2}[ \\t]{0,8}(?:=>|:=|={1,3}|:)[ \\t]{0,8}(?:"([^"\\r\\n]{6,300})"|'([^'\\r\\n]{6,300})'|\`([^\`\\r\\n]{6,300})\`|([^\\s"'\`,;<>()[\\]{}]{8,300}))`,
  "gi",
);
const BEARER = /\b(?:bearer|basic|token|apikey|x-api-key:?)[ \t]{1,4}["']?([A-Za-z0-9._~+/=-]{16,2000})/gi;
const FLAG =
  /(?<!\S)(?:--?(?:password|passphrase|pass|pwd|token|api-key|secret|auth-token|client-secret)[ =]|sshpass -p ?|(?:-u|--user)[ =]["']?[^\s:"'/]{1,64}:)["']?([^\s"'`]{8,200})/gi;
/** "I pasted X into the token field": the value is the word before the match. */
const NAMED_AFTER = new RegExp(
  `["'\`]?[ \\t](?:is|was|as|in|into|for)[ \\t](?:the |my |our |your )?["'\`]?\\w{0,24}(?:${NAME})`,
  "gi",
);
/** Any word that announces a secret: what looks random right behind it is one, whatever the syntax between. */
const ANNOUNCING = new RegExp(
  `(?:${WORDS}|identified by|${NAME.replaceAll("[_-]?", "[_ -]?")})(?!\\w{0,40}[(])`,
  "gi",
);
/** How far behind the word a value may begin, and how many line breaks may lie between. */
const REACH = 64;
const MAX_LINES_BETWEEN = 2;
/** Runs between white space, quotes, brackets and the letters of scripts that write without spaces. */
const RUN = /[^\s"'`“”«»„,;<>()[\]{}|\u0600-\u06ff\u2e80-\uffef]{8,200}/g;

/** In the languages that people write to a model in: "the password is X", "Passwort: X". */
const IN_PROSE = new RegExp(
  `(?:${WORDS})(?:et|en|i|in)?[^\\S\\r\\n]{0,3}(?:is now|is set to|is|was|ist|lautet|är|er|on|jest|este|est|es|é|è|to|=|:|：|は|是|는|은|هي|है|(?<=[^\\S\\r\\n])[-—](?=[^\\S\\r\\n]))[^\\S\\r\\n]{0,3}(?::[^\\S\\r\\n]{0,3})?["'“”«»„\`「]{0,2}([^\\s"'“”«»„\`「」,;。，、]{6,120})`,
  "giu",
);

export const detectCredentials: Detector = (text, report) => {
  for (const match of text.matchAll(ASSIGNMENT)) {
    if (isVerb(text, match) && match[0].startsWith("PASS")) continue;
    // What is left of an escaped quote may stand before the one that closes.
    const quoted = (match[1] ?? match[2] ?? match[3])?.replace(/[\s\\]+$/, "");
    const value = quoted ?? match[4] ?? "";
    if (quoted === undefined ? !looksIssued(value) : !looksChosen(value, PASSWORD.test(match[0]))) continue;
    reportValue(match, value, report);
  }
  for (const match of text.matchAll(NAMED_AFTER)) {
    const value =
      /[^\s"'`()[\]{}<>,;]{8,200}$/.exec(text.slice(Math.max(0, match.index - 201), match.index))?.[0] ?? "";
    if (!value.endsWith(":") && looksIssued(value) && numCharacterClasses(value) >= 2) {
      report("credential", match.index - value.length, match.index);
    }
  }
  for (const pattern of [BEARER, FLAG]) {
    for (const match of text.matchAll(pattern)) {
      if (looksIssued(match[1] ?? "")) reportValue(match, match[1] ?? "", report);
    }
  }
  for (const match of text.matchAll(ANNOUNCING)) detectBehind(text, match, report);
  for (const match of text.matchAll(IN_PROSE)) {
    const value = (match[1] ?? "").replace(/[.?)]+$/, "");
    if (looksTyped(value)) reportValue(match, value, report);
  }
};

/** "PASS: test-7" of a test's log and "pass x2 to it", where the word stands alone and is no name. */
function isVerb(text: string, match: RegExpExecArray): boolean {
  return /^pass(?![a-z])/i.test(match[0]) && !/[\w"'`-]/.test(text.charAt(match.index - 1));
}

function detectBehind(text: string, name: RegExpExecArray, report: Parameters<Detector>[1]): void {
  if (isVerb(text, name)) return;
  const from = name.index + name[0].length;
  // `tokenizer`, `secrets`: another word.
  if (/[a-z]/.test(text.charAt(from))) return;
  for (const run of text.slice(from, from + REACH + 200).matchAll(RUN)) {
    const between = text.slice(from, from + run.index);
    if (run.index > REACH || between.split("\n").length > MAX_LINES_BETWEEN + 1) return;
    const value = run[0].replace(/^[-=:.>]+|[.:]+$/g, "");
    if (!looksRandom(value) && !looksMixed(value)) continue;
    const start = from + run.index + run[0].indexOf(value);
    report("credential", start, start + value.length);
  }
}

const PASSWORD = /^pass|^pwd/i;

function reportValue(match: RegExpExecArray, value: string, report: Parameters<Detector>[1]): void {
  const start = match.index + match[0].lastIndexOf(value);
  report("credential", start, start + value.length);
}

/** Paths, addresses, calls, members and versions, which follow such words in code more often than secrets. */
const CODE =
  /^(?:[a-z]+:\/\/|!\w+$|rfc\d|IPv\d|projects\/|\\|0x|--|[./~@#]|\w+\(|(?:[A-Za-z_$][\w$]*\.)+#?[A-Za-z_$][\w$]*[;)]?$)|\)\.|\(\)|=>|::|\w[[(]|^\d[\d.:,-]*$/;

/** A bare run: long enough, with letters and digits mixed as words and identifiers do not mix them. */
function looksIssued(value: string): boolean {
  if (value.length < 8 || CODE.test(value) || isPlaceholder(value) || isWordy(value)) return false;
  if (!/[A-Za-z]/.test(value) || !(/\d/.test(value) || isShuffled(value))) return false;
  return characterEntropy(value) >= (value.length < 16 ? 2.7 : 3);
}

/** A quoted value may be shorter and plainer, since quotes make an expression unlikely. */
function looksChosen(value: string, isPassword: boolean): boolean {
  if (value.length < 6 || /\s/.test(value) || CODE.test(value) || isPlaceholder(value)) return false;
  if (numCharacterClasses(value) < 2 || (!isPassword && isWordy(value))) return false;
  return /\d/.test(value) ? characterEntropy(value) >= 2.5 : isShuffled(value);
}

/** After "the password is" anything counts that is not written as words are. */
function looksTyped(value: string): boolean {
  if (value.length < 6 || CODE.test(value) || isPlaceholder(value)) return false;
  // A type in code (`password: Uint8Array`) ends with a word, what people choose with a number or sign.
  if (isWordy(value) && /[A-Za-z]$/.test(value)) return false;
  return (/\d/.test(value) && numCharacterClasses(value) >= 2) || isShuffled(value);
}

/** `file_011CZkZDLs7fYzm1hXNPeRjv`: names of things in an interface look like this more often than keys. */
const TYPED_ID = /^[a-z]{2,8}_[0-9A-Za-z]{20,32}$/;
/** Forty hexadecimal digits name a commit more often than a secret. */
const COMMIT = /^[0-9a-f]{40}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Without any syntax to go by, only what no word, name, number or list of them looks like. */
function looksRandom(value: string): boolean {
  if (CODE.test(value) || isPlaceholder(value) || UUID.test(value) || meanWordLength(value) >= 3)
    return false;
  if (/[/=:?&].*[/=:?&]/.test(value) || characterEntropy(value) < 3) return false;
  if (TYPED_ID.test(value) || COMMIT.test(value) || value.includes("\\")) return false;
  const run = value.match(/[A-Za-z0-9]{10,}/)?.[0] ?? "";
  if (/^[0-9a-f]+$/.test(run)) return run.length >= 24 && /\d/.test(run) && /[a-f]/.test(run);
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && (/\d/.test(run) || isShuffled(run));
}

/** What people choose: letters, digits and a sign that joins no names. */
function looksMixed(value: string): boolean {
  if (!/^[A-Za-z0-9][\w!#$%^*@~+.-]{7,40}$/.test(value) || isPlaceholder(value)) return false;
  if (
    /[&?]|\\|^\d\*|^\d+\.\d|[a-z]{3}\*$|\+\d+$|PKCS|RFC|0-9|a-z|[a-z]#\d{3,}$|\.[a-z]+#|[$@]\d|@.*\./i.test(
      value,
    )
  )
    return false;
  return /[A-Za-z]/.test(value) && /\d/.test(value) && /[!#$%^*@~+]/.test(value);
}

/** `my-service-token-2`, `Uint8Array`, `X509Credential`: words joined, with short or inner numbers. */
function isWordy(value: string): boolean {
  if (/[^\w./: -]/.test(value) || (/\d{3}/.test(value) && !/[a-z]{4}$/i.test(value))) return false;
  return meanWordLength(value) >= 3.6;
}

function meanWordLength(value: string): number {
  const words = value.match(WORD) ?? [];
  return words.reduce((total, word) => total + word.length, 0) / Math.max(1, words.length);
}

const WORD = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g;

/** Cases change within `qrRoFlmpKrzWXzd` more often, and elsewhere, than within camelCase names. */
function isShuffled(value: string): boolean {
  if (/^[_$]*[A-Za-z][a-z]*(?:[A-Z][a-z]+)*$/.test(value)) return false;
  const numChanges = value.match(/[a-z](?=[A-Z])|[A-Z](?=[a-z])/g)?.length ?? 0;
  // A sign in the middle is in no name.
  const wanted = /[A-Za-z][!#$%&*+?@^~][A-Za-z]/.test(value) ? 0.2 : 0.4;
  return value.length >= 10 && numChanges >= wanted * value.length;
}
