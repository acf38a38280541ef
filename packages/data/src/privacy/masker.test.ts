import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { PERSONAL_KINDS, SECRET_KINDS } from "./kinds.ts";
import { createMasker } from "./masker.ts";
import {
  PLANTED_NATIONAL_IDS,
  PLANTED_PERSONAL,
  PLANTED_SECRETS,
  plantNationalId,
  plantPersonal,
  plantSecret,
  type Planted,
} from "./testing/plant.ts";
import { BASE62, drawText, seededRandom, type Random } from "./testing/draw.ts";

const masker = createMasker();
const NUM_PLANTED = 60;
const WANTED_RECALL = 0.95;

/** The share of planted values that are covered from their first sign to their last. */
function recallOf(plant: (random: Random) => Planted, seed: number): number {
  const random = seededRandom(seed);
  let numFound = 0;
  for (let index = 0; index < NUM_PLANTED; index++) {
    const { text, start, end } = plant(random);
    if (masker.mask(text).findings.some((finding) => finding.start <= start && finding.end >= end))
      numFound++;
  }
  return numFound / NUM_PLANTED;
}

const SUBJECTS: readonly (readonly [string, (random: Random) => Planted])[] = [
  ...PLANTED_SECRETS.map((name) => [name, (random: Random) => plantSecret(name, random)] as const),
  ...PLANTED_PERSONAL.map((name) => [name, (random: Random) => plantPersonal(name, random)] as const),
  ...PLANTED_NATIONAL_IDS.map((name) => [name, (random: Random) => plantNationalId(name, random)] as const),
];

for (const [index, [name, plant]] of SUBJECTS.entries()) {
  test(`of planted ${name}, at least ${WANTED_RECALL} are covered whole`, () => {
    const recall = recallOf(plant, 900 + index);
    assert.ok(recall >= WANTED_RECALL, `${name}: ${recall}`);
  });
}

test("there are the kinds that were asked for, and each is planted", () => {
  assert.ok(PLANTED_SECRETS.length >= 12);
  assert.equal(PERSONAL_KINDS.length, PLANTED_PERSONAL.length + 1);
  // Tokens of other providers have as many forms as providers: one stands for them below.
  assert.deepEqual(
    SECRET_KINDS.filter((kind) => kind !== "provider-token").toSorted(),
    [...PLANTED_SECRETS].toSorted(),
  );
});

test("two packages of code and prose hold one false mask a megabyte at most", () => {
  const packages = path.resolve(import.meta.dirname, "../../../../node_modules");
  let numBytes = 0;
  let numMasks = 0;
  for (const name of ["zod", "fast-check"]) {
    for (const file of readdirSync(path.join(packages, name), { recursive: true, encoding: "utf8" })) {
      // Tests of validators are full of samples.
      if (!/\.(?:ts|js|md)$/.test(file) || file.includes("test")) continue;
      const text = readFileSync(path.join(packages, name, file), "utf8");
      numBytes += Buffer.byteLength(text);
      // Addresses of the authors are found rightly.
      numMasks += masker.mask(text).findings.filter(({ kind }) => kind !== "email").length;
    }
  }
  assert.ok(numBytes > 2_000_000, `${numBytes} bytes`);
  assert.ok(numMasks <= numBytes / 1e6, `${numMasks} masks in ${numBytes} bytes`);
});

test("equal values share a token, different ones do not, and the text around stays", () => {
  const { text } = masker.mask("From ann@acme.io to bo@acme.io, cc ann@acme.io.");
  assert.equal(text, "From [masked:email:1] to [masked:email:2], cc [masked:email:1].");
});

test("a value that only its surroundings gave away is masked wherever it stands again", () => {
  const { text } = masker.mask('password: "Tr4vel-Mug-77"\n> login with Tr4vel-Mug-77 failed');
  assert.equal(text, 'password: "[masked:credential:1]"\n> login with [masked:credential:1] failed');
});

test("of an address only the password goes", () => {
  const { text } = masker.mask("DATABASE_URL=postgres://app:q9Zt7-pL2x@db.acme.io:5432/orders");
  assert.equal(text, "DATABASE_URL=postgres://app:[masked:url-password:1]@db.acme.io:5432/orders");
});

test("masking masked text changes nothing, and new numbers start above its own", () => {
  const once = masker.mask("ann@acme.io called +49 30 901820").text;
  assert.deepEqual(masker.mask(once), { text: once, findings: [] });
  assert.equal(masker.mask(`${once}; bo@acme.io`).text, `${once}; [masked:email:2]`);
});

test("a text cannot switch detectors off", () => {
  const key = `sk_live_${drawText(seededRandom(5), BASE62, 24)}`;
  assert.equal(masker.mask(`secretlint-disable\n${key}`).text, "secretlint-disable\n[masked:stripe-key:1]");
});

test("a key that was cut, and one inside a string, are masked to their last sign", () => {
  const body = drawText(seededRandom(6), BASE62, 300);
  assert.equal(
    masker.mask(`-----BEGIN PRIVATE KEY-----\nMIIE${body}\nand then it stops`).text,
    "[masked:private-key:1]\nand then it stops",
  );
  const inJson = JSON.stringify({
    tls: `-----BEGIN EC PRIVATE KEY-----\n${body}\n-----END EC PRIVATE KEY-----\n`,
  });
  assert.equal(masker.mask(inJson).text, '{"tls":"[masked:private-key:1]\\n"}');
});

test("tokens of providers without a kind of their own are masked by secretlint's rules", () => {
  const token = `dckr_pat_${drawText(seededRandom(7), BASE62, 27)}`;
  assert.equal(masker.mask(`docker login -p ${token}`).text, "docker login -p [masked:provider-token:1]");
});

for (const text of [
  "password: string; token: Token; secret = readSecret(path)",
  "const apiKey = process.env.API_KEY ?? options.apiKey;",
  'password: "<your password>", token: "${TOKEN}", secret: "changeme"',
  "postgres://user:password@localhost/db and https://$USER:$PASS@host",
  "Write to someone@example.com or git clone git@github.com:acme/api.git or ssh://git@git.acme.io/x",
  "icon@2x.png, @types/node@24.1.0, user@host, a @ b",
  "127.0.0.1 10.0.0.1 192.168.1.20 192.0.2.7 203.0.113.9 ::1 fe80::1 2001:db8::1",
  "version 4.12.7.3, Chrome/120.0.1.2, section 3.2.1.4, OID 1.3.6.1.4.1, 1.2.3.4",
  "4111 1111 1111 1112 and 1234567890123456 and 2026-03-02T10:14:55.123456789Z",
  "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, commit d670460b4b4aece5915caf5c68d12f560a9fe3e4",
  "-----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY----- are the lines to look for",
  "uuid 550e8400-e29b-41d4-a716-446655440000, 000-12-3456, 666-12-3456",
]) {
  test(`stays as it is: ${text.slice(0, 40)}`, () => {
    assert.deepEqual(masker.mask(text), { text, findings: [] });
  });
}

test("a kind that is kept stays", () => {
  const { text } = createMasker({ keep: ["ip-address"] }).mask("ann@acme.io from 85.214.132.117");
  assert.equal(text, "[masked:email:1] from 85.214.132.117");
});

test("what lies behind a bound is replaced, not passed on", () => {
  const bySize = createMasker({ maxCharacters: 20 }).mask("all is well here ann@acme.io");
  assert.equal(bySize.text, "all is well here [masked:unscanned]");
  assert.deepEqual(bySize.findings, [{ kind: "unscanned", start: 17, end: 28 }]);
  const byCount = createMasker({ maxFindings: 1 }).mask("ann@acme.io bo@acme.io cy@acme.io");
  assert.equal(byCount.text, "[masked:email:1] [masked:unscanned]");
});
