/**
 * The one place where secrets and personal data are taken out of text before it is kept: captures,
 * exports and training pairs all go through here. What it finds and misses is measured in
 * `bench/results/privacy-masking.md`. Names of people, postal addresses and free-form facts about
 * somebody are not looked for: no pattern finds them, and a guess would cost more text than it saves.
 *
 * It fails closed: what a bound keeps from being read is replaced, never passed on.
 */
import { walkJson } from "./json-leaves.ts";
import type { Finding, MaskKind } from "./kinds.ts";
import { MaskTokens, UNSCANNED_TOKEN } from "./mask-tokens.ts";
import { createTextScanner } from "./scan-text.ts";

export interface MaskerOptions {
  /** Kinds that are left as they are, for example `ip-address` in the logs of a network's operator. */
  readonly keep?: readonly MaskKind[];
  /** Characters looked through in one call; what lies behind them is replaced as a whole. */
  readonly maxCharacters?: number;
  /** Findings in one call; what lies behind the last one is replaced as a whole. */
  readonly maxFindings?: number;
  /** Levels of a JSON value, JSON inside strings counted; what lies deeper is replaced as a whole. */
  readonly maxDepth?: number;
}

export interface MaskedText {
  readonly text: string;
  /** Places in the text given, in order and apart from each other. */
  readonly findings: readonly Finding[];
}

export type MaskCounts = Readonly<Partial<Record<MaskKind, number>>>;

export interface MaskedJson {
  readonly value: unknown;
  readonly counts: MaskCounts;
}

export interface Masker {
  /** Masks one text. Takes time linear in it, some 10 MB a second. */
  readonly mask: (text: string) => MaskedText;
  /**
   * Masks every string, key and long number of a parsed JSON value, JSON inside strings too, and gives
   * back a copy. The key a value stands under counts as what announces it (`{"password": "…"}`). The
   * base64 payloads of data: URLs stay as they are.
   */
  readonly maskJson: (value: unknown) => MaskedJson;
}

const MAX_CHARACTERS = 16_777_216;
const MAX_FINDINGS = 10_000;
const MAX_DEPTH = 128;
/** How far back a cut looks for white space, so that it does not halve a secret. */
const CUT_REACH = 65_536;

export function createMasker(options: MaskerOptions = {}): Masker {
  const scan = createTextScanner();
  const keep = new Set(options.keep);
  const maxCharacters = options.maxCharacters ?? MAX_CHARACTERS;
  const maxFindings = options.maxFindings ?? MAX_FINDINGS;
  const maxDepth = options.maxDepth ?? MAX_DEPTH;

  /** Findings of as much as the bounds allow; the last may be the unscanned rest. */
  function find(text: string): Finding[] {
    const end = text.length <= maxCharacters ? text.length : cutBefore(text, maxCharacters);
    const findings = scan(text.slice(0, end)).filter(({ kind }) => !keep.has(kind));
    const start = findings[maxFindings]?.start ?? end;
    const read = findings.slice(0, maxFindings);
    return start < text.length ? [...read, { kind: "unscanned", start, end: text.length }] : read;
  }

  return {
    mask: (text) => {
      const tokens = new MaskTokens();
      tokens.keepClearOf(text);
      const findings = find(text);
      return { text: replaceSpans(text, 0, text.length, findings, tokens), findings };
    },
    maskJson: (value) => {
      const tokens = new MaskTokens();
      const leaves = new Leaves();
      const bounds = { maxDepth, tooDeep: UNSCANNED_TOKEN };
      walkJson(value, (text, key, role) => leaves.add(text, key, role), bounds);
      const { text } = leaves;
      tokens.keepClearOf(text);
      const findings = find(text);
      const masked = leaves
        .split(findings)
        .map(({ start, end, inside }) => replaceSpans(text, start, end, inside, tokens));
      let next = 0;
      const copy = walkJson(value, () => masked[next++] ?? UNSCANNED_TOKEN, bounds);
      return { value: copy, counts: countKinds(findings) };
    },
  };
}

interface Leaf {
  readonly start: number;
  readonly end: number;
  readonly inside: readonly Finding[];
}

/** The leaves of a JSON value as one text, each after its key, so that one scan sees what announces what. */
class Leaves {
  readonly #parts: string[] = [];
  readonly #spans: { start: number; end: number }[] = [];
  #length = 0;

  add(text: string, key: string, role: "key" | "string" | "number"): string {
    const quote = role === "string" ? '"' : "";
    this.#append(key === "" ? quote : `${key}: ${quote}`);
    this.#spans.push({ start: this.#length, end: this.#length + text.length });
    this.#append(text);
    this.#append(`${quote}\n`);
    return text;
  }

  get text(): string {
    return this.#parts.join("");
  }

  /** Deals findings out to the leaves they touch, cut at the leaves' ends. */
  split(findings: readonly Finding[]): Leaf[] {
    let first = 0;
    return this.#spans.map(({ start, end }) => {
      while ((findings[first]?.end ?? Number.POSITIVE_INFINITY) <= start) first++;
      const inside: Finding[] = [];
      for (let at = first; ; at++) {
        const finding = findings[at];
        if (finding === undefined || finding.start >= end) break;
        inside.push({ ...finding, start: Math.max(start, finding.start), end: Math.min(end, finding.end) });
      }
      return { start, end, inside };
    });
  }

  #append(part: string): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

function replaceSpans(
  text: string,
  start: number,
  end: number,
  findings: readonly Finding[],
  tokens: MaskTokens,
): string {
  let masked = "";
  let at = start;
  for (const finding of findings) {
    masked += text.slice(at, finding.start);
    masked +=
      finding.kind === "unscanned"
        ? UNSCANNED_TOKEN
        : tokens.tokenFor(finding.kind, text.slice(finding.start, finding.end));
    at = finding.end;
  }
  return masked + text.slice(at, end);
}

function countKinds(findings: readonly Finding[]): MaskCounts {
  const counts: Partial<Record<MaskKind, number>> = {};
  for (const { kind } of findings) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function cutBefore(text: string, index: number): number {
  for (let at = index; at > Math.max(0, index - CUT_REACH); at--) {
    if (/\s/.test(text.charAt(at - 1))) return at;
  }
  return index;
}
