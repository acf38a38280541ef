// The signed statement: in-toto Statement v1 with OpenSSF Model Signing's predicate, and its DSSE envelope in a
// Sigstore bundle. https://github.com/ossf/model-signing-spec, https://github.com/secure-systems-lab/dsse
import { z } from "zod";
import { createHash } from "node:crypto";
import { HomegrownError } from "@homegrown/contracts";
import { IGNORED_PATHS } from "./folder-files.ts";

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";
export const BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "https://model_signing/signature/v1.0";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: digest }) })).length(1),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.object({
    resources: z.array(z.object({ name: z.string(), algorithm: z.literal("sha256"), digest })),
    serialization: z.object({
      method: z.literal("files"),
      hash_type: z.literal("sha256"),
      ignore_paths: z.array(z.string()).optional(),
    }),
  }),
});

/** Canonical: bits that decoding would ignore are none that may be changed unseen. */
const base64 = z
  .base64()
  .refine((text) => Buffer.from(text, "base64").toString("base64") === text, "base64 with stray bits");
const bundleSchema = z.object({
  mediaType: z.literal(BUNDLE_MEDIA_TYPE),
  verificationMaterial: z.object({ publicKey: z.object({ hint: digest }) }),
  dsseEnvelope: z.object({
    payload: base64,
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z.array(z.object({ sig: base64 })).length(1),
  }),
});

export interface SignedFile {
  /** Relative to the folder, with `/`. */
  path: string;
  sha256: string;
}

export interface Statement {
  /** What the signer called the model; ours is `name@v2`. */
  name: string;
  files: readonly SignedFile[];
  ignoredPaths: readonly string[];
}

export interface Envelope {
  hint: string;
  payload: Buffer;
  signature: Buffer;
}

/** The bytes to sign: JSON as `model-signing` writes it, two spaces and ASCII; the order of keys means nothing. */
export function toPayload(name: string, files: readonly SignedFile[]): Buffer {
  const statement: z.infer<typeof statementSchema> & {
    predicate: { serialization: { allow_symlinks: boolean } };
  } = {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: rootDigest(files) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      resources: files.map(({ path, sha256 }) => ({ name: path, algorithm: "sha256", digest: sha256 })),
      serialization: {
        hash_type: "sha256",
        ignore_paths: [...IGNORED_PATHS],
        method: "files",
        allow_symlinks: false,
      },
    },
  };
  return Buffer.from(escapeNonAscii(JSON.stringify(statement, null, 2)));
}

/** sha256 over the files' digests (as bytes), in the order listed. */
function rootDigest(files: readonly SignedFile[]): string {
  const root = createHash("sha256");
  for (const { sha256 } of files) root.update(sha256, "hex");
  return root.digest("hex");
}

/** Protobuf's JSON printer writes ASCII only. */
function escapeNonAscii(json: string): string {
  return json.replaceAll(/[^\0-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** DSSE's pre-authentication encoding: what the signature is really over. */
export function preAuthenticationEncoding(payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(PAYLOAD_TYPE)} ${PAYLOAD_TYPE} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

export function toBundle({ hint, payload, signature }: Envelope): string {
  return JSON.stringify({
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: signature.toString("base64"), keyid: "" }],
    },
  });
}

/** Reads a bundle; its content is not trustworthy before the signature over `payload` is checked. */
export function fromBundle(text: string, file: string): Envelope {
  const bundle = parse(bundleSchema, text, file, "a Sigstore bundle of an elliptic-curve key");
  return {
    hint: bundle.verificationMaterial.publicKey.hint,
    payload: Buffer.from(bundle.dsseEnvelope.payload, "base64"),
    signature: Buffer.from(bundle.dsseEnvelope.signatures[0]!.sig, "base64"),
  };
}

/** Reads a payload whose signature was checked. Refuses paths that lead out of the folder or come twice. */
export function fromPayload(payload: Uint8Array, file: string): Statement {
  const text = new TextDecoder().decode(payload);
  const statement = parse(statementSchema, text, file, "a model-signing v1.0 statement over sha256 of files");
  const files = statement.predicate.resources.map(({ name, digest }) => ({ path: name, sha256: digest }));
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size !== files.length || !files.every(({ path }) => isInside(path))) {
    throw badSignature(file, "it lists a path twice or outside of the folder");
  }
  if (rootDigest(files) !== statement.subject[0]!.digest.sha256) {
    throw badSignature(file, "its root digest is not that of the files that it lists");
  }
  return {
    name: statement.subject[0]!.name,
    files,
    ignoredPaths: statement.predicate.serialization.ignore_paths ?? [],
  };
}

function isInside(path: string): boolean {
  return path
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0"));
}

function parse<T>(schema: z.ZodType<T>, text: string, file: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badSignature(file, "it is not JSON");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw badSignature(file, `it is not ${what}: ${issue.path.join(".")}: ${issue.message}`);
}

export function badSignature(file: string, why: string): HomegrownError {
  return new HomegrownError({
    code: "registry/bad-signature",
    kind: "corrupt",
    message: `the signature ${file} cannot be trusted: ${why}`,
    hint: "Do not load this folder. Get the version again from where it came, or roll back to another one.",
    details: { file, why },
  });
}
