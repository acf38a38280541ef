/**
 * Tokens that carry their issuer in their form. These rows are the ones that the secretlint rules miss,
 * cut short or have no rule for (`docs/decisions/0011-masking-secrets-and-personal-data.md` has the
 * figures); what secretlint finds well stands in `secretlint-rules.ts` alone.
 *
 * Every pattern starts at a boundary and repeats one class between literals that the class cannot
 * contain or up to a stated length: linear for every text.
 */
import type { Detector, MaskKind } from "./kinds.ts";
import { characterEntropy, hasBefore, numCharacterClasses } from "./text-signs.ts";

interface TokenPattern {
  readonly kind: MaskKind;
  /** Global and sticky to nothing; group 1, where there is one, is the secret itself. */
  readonly pattern: RegExp;
  readonly accepts?: (value: string) => boolean;
  /** What must stand within 64 characters before it. */
  readonly announcedBy?: RegExp;
}

const TOKEN_PATTERNS: readonly TokenPattern[] = [
  { kind: "homegrown-key", pattern: /(?<![A-Za-z0-9])hg_[A-Za-z0-9]{8}_[A-Za-z0-9]{40}(?![A-Za-z0-9])/g },
  {
    kind: "aws-secret-key",
    pattern: /(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
    accepts: (value) => looksRandom(value) && !value.endsWith("EXAMPLEKEY"),
    announcedBy: /secret|aws|A[KS]IA[A-Z0-9]{16}/i,
  },
  { kind: "gcp-key", pattern: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g },
  { kind: "gcp-key", pattern: /(?<![A-Za-z0-9_-])GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/g },
  { kind: "gcp-key", pattern: /(?<![A-Za-z0-9_-])ya29\.[A-Za-z0-9_-]{30,1000}/g },
  { kind: "gcp-key", pattern: /private_key_id["']?\s{0,3}[:=]\s{0,3}["']?([0-9a-f]{40})(?![0-9a-f])/g },
  { kind: "azure-key", pattern: /AccountKey\s?=\s?([A-Za-z0-9+/]{86}==)/gi },
  { kind: "azure-key", pattern: /SharedAccessKey\s?=\s?([A-Za-z0-9+/]{43}=)/gi },
  { kind: "azure-key", pattern: /[?&;]sig=([A-Za-z0-9%+/]{43,96}(?:%3D|=))/gi },
  {
    kind: "azure-key",
    pattern: /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/g,
  },
  {
    kind: "gitlab-token",
    pattern:
      /(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[A-Za-z0-9_.-]{20,300}(?<![.-])/g,
  },
  { kind: "slack-token", pattern: /(?<![A-Za-z0-9])xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%-]{20,300}/g },
  { kind: "slack-token", pattern: /(?<![A-Za-z0-9])xapp-\d-[A-Z0-9]{8,20}-\d{8,20}-[A-Za-z0-9]{32,128}/g },
  {
    kind: "slack-webhook",
    pattern: /https:\/\/hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9_/-]{20,120}/g,
  },
  {
    kind: "anthropic-key",
    pattern: /(?<![A-Za-z0-9])sk-ant-[A-Za-z0-9_-]{32,300}/g,
    accepts: (value) => /\d/.test(value) && numCharacterClasses(value.slice(7)) >= 3,
  },
  {
    kind: "openai-key",
    pattern: /(?<![A-Za-z0-9_-])sk-(?!ant-)(?:[a-z]{2,8}-(?:v1-)?)?[A-Za-z0-9_-]{20,300}/g,
    accepts: (value) => /[A-Za-z0-9]{16}/.test(value) && /\d/.test(value) && characterEntropy(value) >= 3.5,
  },
  {
    kind: "sendgrid-key",
    pattern: /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g,
  },
  {
    kind: "npm-token",
    pattern: /_authToken\s?=\s?["']?([A-Za-z0-9_+/=-]{16,500})/g,
    accepts: (value) => /\d/.test(value),
  },
  { kind: "stripe-key", pattern: /(?<![A-Za-z0-9])whsec_[A-Za-z0-9+/=]{32,100}/g },
  {
    kind: "jwt",
    pattern:
      /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,16384}\.[A-Za-z0-9_-]{16,8192}(?:\.[A-Za-z0-9_-]{16,16384}){0,2}/g,
    accepts: (value) => /"alg"\s*:/.test(decodeBase64(value.slice(0, value.indexOf(".")))),
  },
  { kind: "provider-token", pattern: /(?<![A-Za-z0-9])pypi-AgE[A-Za-z0-9_-]{50,400}/g },
  { kind: "provider-token", pattern: /(?<![A-Za-z0-9])do[opr]_v1_[a-f0-9]{64}(?![A-Za-z0-9])/g },
  { kind: "provider-token", pattern: /(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/g },
  {
    kind: "provider-token",
    pattern: /https:\/\/(?:\w{1,12}\.)?discord(?:app)?\.com\/api\/webhooks\/\d{16,20}\/[A-Za-z0-9_-]{60,90}/g,
  },
  { kind: "provider-token", pattern: /(?<![A-Za-z0-9])AGE-SECRET-KEY-1[A-Z0-9]{58}(?![A-Za-z0-9])/g },
  {
    kind: "provider-token",
    pattern: /(?<![A-Za-z0-9])(?:xai|pplx|fw|csk|r8|nvapi|hf)[-_][A-Za-z0-9_-]{34,120}(?![A-Za-z0-9_-])/g,
    accepts: (value) => looksRandom(value),
  },
];

/** Issued tokens mix cases and digits; names, hashes in hexadecimal and words joined by hyphens do not. */
function looksRandom(value: string): boolean {
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value) && characterEntropy(value) >= 4;
}

function decodeBase64(text: string): string {
  return Buffer.from(text, "base64url").toString("latin1");
}

export const detectProviderTokens: Detector = (text, report) => {
  for (const { kind, pattern, accepts, announcedBy } of TOKEN_PATTERNS) {
    if (announcedBy?.test(text) === false) continue;
    for (const match of text.matchAll(pattern)) {
      const value = match[1] ?? match[0];
      const end = match.index + match[0].lastIndexOf(value) + value.length;
      const start = end - value.length;
      if (accepts?.(value) === false) continue;
      if (announcedBy === undefined || hasBefore(text, start, announcedBy, 64)) report(kind, start, end);
    }
  }
};
