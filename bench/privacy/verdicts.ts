/**
 * What each mask in the corpus is. `real`: what its kind says (an author's address, a company's telephone).
 * `sample`: a well-formed value that the text gives as an example. `false`: anything else.
 *
 * Every distinct value but the e-mail addresses was read; `verdicts.tsv` lists all credentials, and of the
 * kinds whose form is checked those that are not samples. Tens of thousands of addresses are judged by
 * the rule below, and by hand where it cannot tell. Values are kept as hashes: some are people's addresses.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

export type Verdict = "real" | "sample" | "false" | "unjudged";

const JUDGED = new Map(
  readFileSync(path.join(import.meta.dirname, "verdicts.tsv"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("\t") as [string, Verdict]),
);

/** Top-level domains of three letters and more that occur; every one of two letters is a country's. */
const TOP_LEVEL =
  /\.(?:com|org|net|edu|gov|mil|int|info|biz|name|dev|app|email|moe|icu|day|cloud|tech|online|site|xyz|blog|page|systems|software|technology|digital|space|world|ninja|guru|codes|rocks|network|zone|live|pub|coffee|work|[a-z]{2})$/i;
/** Identifiers of mails: times, hashes and programs' counters before the @. */
const MAIL_ID = /\d{8,}|[0-9a-f]{16,}|[0-9a-f]{8}-|\.fsf|\.camel|^[A-Z0-9]{12,}@|\$/;
const SAMPLE_NAME =
  /^(?:user|users?name|foo|bar|name|me|you|test|someone|somebody|john\.?doe|jane\.?doe|a|b|x|alice|bob|joe)@|@(?:foo|bar|host|domain|server|company|test|mail|site|acme|somewhere|emaildomain|your[\w-]*)\./i;

export function judge(kind: string, value: string): Verdict {
  const judged = JUDGED.get(hashOf(kind, value));
  if (judged !== undefined) return judged;
  if (kind !== "email" && kind !== "credential") return "sample";
  if (kind !== "email" || MAIL_ID.test(value) || !TOP_LEVEL.test(value)) return "unjudged";
  return SAMPLE_NAME.test(value) ? "sample" : "real";
}

export function hashOf(kind: string, value: string): string {
  return createHash("sha256").update(`${kind}\0${value}`).digest("hex").slice(0, 16);
}
