/**
 * Secrets of every kind in the forms that their issuers document, drawn at random: valid to look at, good
 * for nothing. Written from those documents and not from the detectors' patterns, which they measure.
 */
import { createHmac, generateKeyPairSync } from "node:crypto";
import {
  BASE62,
  BASE64,
  BASE64_URL,
  DIGITS,
  HEX,
  LOWER,
  UPPER,
  drawBytes,
  drawFrom,
  drawNumber,
  drawText,
  type Random,
} from "./draw.ts";

/** One maker for each form; a kind's forms are drawn evenly. */
export type Maker = (random: Random) => string;

const base62 =
  (prefix: string, length: number): Maker =>
  (random) =>
    prefix + drawText(random, BASE62, length);

export const SECRET_MAKERS = {
  "aws-access-key": [(random) => drawFrom(random, ["AKIA", "ASIA"]) + drawText(random, `${UPPER}234567`, 16)],
  "aws-secret-key": [(random) => drawText(random, BASE64, 40)],
  "gcp-key": [
    (random) => `AIza${drawText(random, BASE64_URL, 35)}`,
    (random) => `GOCSPX-${drawText(random, BASE64_URL, 28)}`,
  ],
  "azure-key": [
    (random) => drawBytes(random, 64).toString("base64"),
    (random) => drawBytes(random, 32).toString("base64"),
    (random) =>
      `${drawText(random, BASE62, 3)}8Q~${drawText(random, `${BASE62}._~`, 33)}${drawText(random, BASE62, 1)}`,
  ],
  "github-token": [
    (random) => `${drawFrom(random, ["ghp", "gho", "ghu", "ghs", "ghr"])}_${drawText(random, BASE62, 36)}`,
    (random) => `github_pat_${drawText(random, BASE62, 22)}_${drawText(random, BASE62, 59)}`,
  ],
  "gitlab-token": [
    (random) => `glpat-${drawText(random, BASE64_URL, 20)}`,
    (random) => `${drawFrom(random, ["gldt", "glrt", "glptt"])}-${drawText(random, BASE62, 20)}`,
    (random) => `glpat-${drawText(random, BASE62, 27)}.01.${drawText(random, HEX, 9)}`,
  ],
  "slack-token": [
    (random) =>
      `${drawFrom(random, ["xoxb", "xoxp"])}-${drawText(random, DIGITS, 12)}-${drawText(random, DIGITS, 13)}-${drawText(random, BASE62, 24)}`,
    (random) =>
      `xapp-1-A${drawText(random, DIGITS + UPPER, 10)}-${drawText(random, DIGITS, 13)}-${drawText(random, HEX, 64)}`,
    (random) => `xoxe.xoxp-1-${drawText(random, BASE62, 160)}`,
  ],
  "slack-webhook": [
    (random) =>
      `https://hooks.slack.com/services/T${drawText(random, DIGITS + UPPER, 10)}/B${drawText(random, DIGITS + UPPER, 10)}/${drawText(random, BASE62, 24)}`,
  ],
  "stripe-key": [
    (random) =>
      `${drawFrom(random, ["sk", "rk"])}_live_${drawText(random, BASE62, drawFrom(random, [24, 99]))}`,
    (random) => `whsec_${drawText(random, BASE62, 32)}`,
  ],
  "openai-key": [
    (random) => `sk-${drawText(random, BASE62, 20)}T3BlbkFJ${drawText(random, BASE62, 20)}`,
    (random) => `sk-proj-${drawText(random, BASE64_URL, 74)}T3BlbkFJ${drawText(random, BASE64_URL, 73)}A`,
    (random) => `sk-svcacct-${drawText(random, BASE64_URL, 58)}T3BlbkFJ${drawText(random, BASE64_URL, 57)}A`,
  ],
  "anthropic-key": [
    (random) => `sk-ant-api03-${drawText(random, BASE64_URL, 93)}AA`,
    (random) => `sk-ant-admin01-${drawText(random, BASE64_URL, 93)}AA`,
    (random) => `sk-ant-oat01-${drawText(random, BASE64_URL, 93)}AA`,
  ],
  "npm-token": [base62("npm_", 36)],
  "sendgrid-key": [(random) => `SG.${drawText(random, BASE64_URL, 22)}.${drawText(random, BASE64_URL, 43)}`],
  "homegrown-key": [(random) => `hg_${drawText(random, BASE62, 8)}_${drawText(random, BASE62, 40)}`],
  "private-key": [ellipticKey, rsaKey, opensshKey],
  jwt: [jsonWebToken],
  "url-password": [
    (random) => drawText(random, BASE62, drawNumber(random, 10, 24)),
    (random) => drawText(random, `${BASE62}!$%^&*-_=+.~`, drawNumber(random, 12, 24)),
    chosenPassword,
  ],
  credential: [
    (random) => drawText(random, BASE62, drawNumber(random, 12, 32)),
    (random) => drawText(random, HEX, 32),
    (random) =>
      drawText(random, BASE62, 12) + drawFrom(random, [..."!#%&*+-=?@^_~"]) + drawText(random, BASE62, 8),
    chosenPassword,
  ],
} as const satisfies Readonly<Record<string, readonly Maker[]>>;

const WORDS = [
  "Sunflower",
  "Mountain",
  "dragon",
  "Berlin",
  "coffee",
  "Winter",
  "Arsenal",
  "monkey",
  "Orchid",
  "velvet",
];

/** What people choose: a word, a year or number, a sign. */
function chosenPassword(random: Random): string {
  return (
    drawFrom(random, WORDS) +
    drawFrom(random, ["", "_", "-", "."]) +
    drawNumber(random, 10, 2029) +
    drawFrom(random, ["!", "#", "$", "*", "!!"])
  );
}

function ellipticKey(random: Random): string {
  const namedCurve = drawFrom(random, ["prime256v1", "secp384r1"]);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve });
  return privateKey
    .export({ format: "pem", type: drawFrom(random, ["sec1", "pkcs8"]) })
    .toString()
    .trimEnd();
}

/** Making one takes a tenth of a second, so a body of random Base64 stands for most of them. */
function rsaKey(random: Random): string {
  const label = drawFrom(random, ["RSA PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]);
  return pem(label, Buffer.concat([Buffer.from("308204a40201000282", "hex"), drawBytes(random, 1181)]));
}

function opensshKey(random: Random): string {
  return pem(
    "OPENSSH PRIVATE KEY",
    Buffer.concat([Buffer.from("openssh-key-v1\0"), drawBytes(random, drawFrom(random, [260, 1700]))]),
  );
}

function pem(label: string, body: Buffer): string {
  const lines = body.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join("\n");
}

function jsonWebToken(random: Random): string {
  const header = { alg: "HS256", typ: "JWT", ...(random() < 0.5 ? { kid: drawText(random, HEX, 16) } : {}) };
  const claims = {
    sub: drawText(random, DIGITS, 10),
    name: drawText(random, LOWER, 8),
    iat: drawNumber(random, 1_600_000_000, 1_800_000_000),
  };
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${createHmac("sha256", drawBytes(random, 32)).update(signed).digest("base64url")}`;
}
