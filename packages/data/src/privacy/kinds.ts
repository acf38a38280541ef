/**
 * What the masker can name. A kind is part of the token that replaces a value (`[masked:email:1]`),
 * so these words end up in captures and in training text: rename none of them lightly.
 */
export const SECRET_KINDS = [
  "aws-access-key",
  "aws-secret-key",
  "gcp-key",
  "azure-key",
  "github-token",
  "gitlab-token",
  "slack-token",
  "slack-webhook",
  "stripe-key",
  "openai-key",
  "anthropic-key",
  "npm-token",
  "sendgrid-key",
  "homegrown-key",
  "private-key",
  "jwt",
  "url-password",
  "credential",
  "provider-token",
] as const;

export const PERSONAL_KINDS = ["email", "phone", "credit-card", "iban", "ip-address", "national-id"] as const;

export type SecretKind = (typeof SECRET_KINDS)[number];
export type PersonalKind = (typeof PERSONAL_KINDS)[number];

/** `unscanned` stands for what a bound kept the masker from reading: it is never written unread. */
export type MaskKind = SecretKind | PersonalKind | "unscanned";

/** Where something was found, in UTF-16 units of the text given. Never what was found. */
export interface Finding {
  readonly kind: MaskKind;
  readonly start: number;
  readonly end: number;
}

/**
 * Looks through a text and reports spans. It must be linear in the text for every text, and must not
 * keep or throw any of it.
 */
export type Detector = (text: string, report: (kind: MaskKind, start: number, end: number) => void) => void;
