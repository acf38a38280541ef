/**
 * The scanners of secretlint's recommended preset, run without its engine: the engine's profiler keeps
 * every mark it ever made, which a process that runs for months cannot afford, and it answers only
 * asynchronously. A rule is a pure function of `source.content` that calls `context.report`.
 */
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import type { Detector, MaskKind } from "./kinds.ts";

type Rule = (typeof rules)[number];
type RuleContext = Parameters<Rule["create"]>[0];
type Source = Parameters<NonNullable<ReturnType<Rule["create"]>["file"]>>[0];

const PREFIX = "@secretlint/secretlint-rule-";

/** Rules not named here are asked as well, and what they find is a `provider-token`. */
const KIND_OF_RULE: Readonly<Record<string, MaskKind>> = {
  aws: "aws-access-key",
  github: "github-token",
  gitlab: "gitlab-token",
  slack: "slack-token",
  stripe: "stripe-key",
  openai: "openai-key",
  anthropic: "anthropic-key",
  npm: "npm-token",
};

/**
 * Left out, and why. `filter-comments`: a prompt that says "secretlint-disable" would switch the others
 * off. `gcp`, which reads files by name. `privatekey`: needs an unbroken key. `sendgrid`: misses keys with
 * two hyphens, and is quadratic in its lengths. `basicauth` and `database-connection-string`: mask the
 * whole address and miss passwords with punctuation.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "filter-comments",
  "gcp",
  "privatekey",
  "sendgrid",
  "basicauth",
  "database-connection-string",
]);

/** The rule for AWS reports the start of a secret key wrongly, so that its end would stay. Ours does those. */
const IDS_LEFT_OUT: ReadonlySet<string> = new Set(["AWSSecretAccessKey", "AWSAccountID"]);

/**
 * Letters of scripts that write without spaces between words. The rules take any letter before a token
 * for a part of it, so that in Chinese or Japanese text they would find none.
 */
const UNSPACED = /[\u0600-\u06ff\u0e00-\u0eff\u1100-\u11ff\u2e80-\uffef]/g;
/** `npm_config_some_setting` has the length of a token. */
const IDENTIFIER = /^[a-z_]+$/;

/** @throws Error when a rule answers asynchronously: a version that does so cannot be used this way. */
export function createSecretlintDetector(): Detector {
  let report: Parameters<Detector>[1] | undefined;
  let content = "";
  const scanners: ((source: Source) => void)[] = [];
  for (const rule of rules) {
    const name = rule.meta.id.replace(PREFIX, "");
    if (LEFT_OUT.has(name)) continue;
    const kind = KIND_OF_RULE[name] ?? "provider-token";
    const context: RuleContext = {
      sharedOptions: {},
      // A message would repeat the secret. Only its id leaves this function.
      createTranslator: () => (messageId) => ({ message: "", messageId: String(messageId) }) as never,
      ignore: () => {},
      report: ({ message, range }) => {
        const { messageId } = message as { messageId: string };
        if (IDS_LEFT_OUT.has(messageId)) return;
        if (IDENTIFIER.test(content.slice(range[0], range[1]))) return;
        report?.(/webhook/i.test(messageId) ? "slack-webhook" : kind, range[0], range[1]);
      },
    };
    const scan = rule.create(context, { enableIDScanRule: true }).file;
    if (scan === undefined) continue;
    scanners.push((source) => {
      const answer: unknown = scan(source);
      if (answer instanceof Promise) throw new Error(`the rule ${name} became asynchronous`);
    });
  }
  return (text, tell) => {
    report = tell;
    content = text;
    const source = toSource(text.replace(UNSPACED, " "));
    for (const scan of scanners) scan(source);
    report = undefined;
    content = "";
  };
}

function noPlaces(): never {
  throw new Error("places in a text were asked for");
}

/** Places are asked for by the rule that is left out alone; files are none. */
function toSource(content: string): Source {
  return {
    hasBOM: false,
    content,
    filePath: undefined,
    physicalFilePath: undefined,
    contentType: "text",
    ext: "",
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    locationToRange: noPlaces,
    rangeToLocation: noPlaces,
    positionToIndex: noPlaces,
    indexToPosition: noPlaces,
  };
}
