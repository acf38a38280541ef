// Signs and verifies a folder in the format of OpenSSF Model Signing, compatible both ways with PyPI
// `model-signing` (elliptic-curve keys): `model.sig` covers every other file, so a changed byte, a missing file
// and an extra file are all found and named.
import { createPublicKey, sign, verify } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { KeyObject } from "node:crypto";
import { HomegrownError } from "@homegrown/contracts";
import { digestsEqual, sha256, writeFileAtomic } from "@homegrown/storage";
import { IGNORED_PATHS, SIGNATURE_FILE, hashFiles, listFiles } from "./folder-files.ts";
import { parsePublicKey, publicKeyHint } from "./keys.ts";
import {
  badSignature,
  fromBundle,
  fromPayload,
  preAuthenticationEncoding,
  toBundle,
  toPayload,
} from "./statement.ts";
import type { SignedFile } from "./statement.ts";

const MAX_SIGNATURE_BYTES = 64 << 20;
const MAX_NAMED_FILES = 20;

export interface VerifiedFolder {
  /** What the signed statement calls the model. */
  name: string;
  files: readonly SignedFile[];
  /** sha256 of the signer's public key in PEM form. */
  keyHint: string;
  /** sha256 of `model.sig` itself, whose unsigned parts (its key's hint, spelling) could differ unnoticed. */
  signatureSha256: string;
}

/** Writes `model.sig` over every file below `folder`; `name` is what the statement calls the model. */
export async function signFolder(
  folder: string,
  privateKey: KeyObject,
  name: string = basename(resolve(folder)),
): Promise<VerifiedFolder> {
  const paths = await listFiles(folder, IGNORED_PATHS);
  const digests = await hashFiles(folder, paths);
  const files = paths.map((path, index) => ({ path, sha256: digests[index]! }));
  const payload = toPayload(name, files);
  const signature = sign(hashName(privateKey), preAuthenticationEncoding(payload), privateKey);
  const keyHint = publicKeyHint(createPublicKey(privateKey));
  const bundle = toBundle({ hint: keyHint, payload, signature });
  await writeFileAtomic(join(folder, SIGNATURE_FILE), bundle, { mode: 0o444 });
  return { name, files, keyHint, signatureSha256: sha256(bundle) };
}

export interface VerifyFolderOptions {
  /** The one key to accept: PEM text or a key. Pin it from elsewhere to guard against people, not accidents. */
  publicKey?: KeyObject | string;
  /** Finds the key by the bundle's hint when none is pinned; undefined: no such key. */
  findKey?: (hint: string) => Promise<KeyObject | undefined>;
}

/**
 * Reads and hashes every file below `folder` against its `model.sig`. Throws `registry/unsigned`,
 * `registry/unknown-key`, `registry/bad-signature`, or `registry/changed-files` naming what was changed, is
 * missing or does not belong there (kind `corrupt`).
 */
export async function verifyFolder(folder: string, options: VerifyFolderOptions): Promise<VerifiedFolder> {
  const file = join(folder, SIGNATURE_FILE);
  const bundle = await readSignature(file);
  const { hint, payload, signature } = fromBundle(bundle, file);
  const key = await chooseKey(hint, file, options);
  if (!verify(hashName(key), preAuthenticationEncoding(payload), key, signature)) {
    throw badSignature(file, "it was not made by the key that it names, or its statement was changed");
  }
  const { name, files, ignoredPaths } = fromPayload(payload, file);
  await compare(folder, files, [...IGNORED_PATHS, ...ignoredPaths]);
  return { name, files, keyHint: hint, signatureSha256: sha256(bundle) };
}

async function readSignature(file: string): Promise<string> {
  const entry = await stat(file).catch(() => undefined);
  if (!entry?.isFile()) {
    throw new HomegrownError({
      code: "registry/unsigned",
      kind: "corrupt",
      message: `${file} is missing: the folder has no signature`,
      hint: "Do not load this folder. Register or import it, which signs it.",
      details: { file },
    });
  }
  if (entry.size > MAX_SIGNATURE_BYTES) throw badSignature(file, `it is ${entry.size} bytes long`);
  return readFile(file, "utf8");
}

async function chooseKey(hint: string, file: string, options: VerifyFolderOptions): Promise<KeyObject> {
  const { publicKey, findKey } = options;
  const pinned = typeof publicKey === "string" ? parsePublicKey(publicKey, "the pinned key") : publicKey;
  if (pinned && digestsEqual(publicKeyHint(pinned), hint)) return pinned;
  const found = pinned ? undefined : await findKey?.(hint);
  if (found) return found;
  throw new HomegrownError({
    code: "registry/unknown-key",
    kind: "corrupt",
    message: `${file} was signed by the key ${hint}, which is ${pinned ? "not the pinned one" : "unknown here"}`,
    hint: "If you trust that signer, put their public key into HOMEGROWN_HOME/keys as a *.pub.pem file, or pin it.",
    details: { file, hint, ...(pinned ? { pinned: publicKeyHint(pinned) } : {}) },
  });
}

async function compare(
  folder: string,
  signed: readonly SignedFile[],
  ignored: readonly string[],
): Promise<void> {
  const found = new Set(await listFiles(folder, ignored));
  const present = signed.filter(({ path }) => found.has(path));
  const names = new Set(signed.map(({ path }) => path));
  const digests = await hashFiles(
    folder,
    present.map(({ path }) => path),
  );
  const problems = [
    ...present
      .filter(({ sha256 }, index) => !digestsEqual(sha256, digests[index]!))
      .map(({ path }) => ({ path, problem: "changed" })),
    ...signed.filter(({ path }) => !found.has(path)).map(({ path }) => ({ path, problem: "missing" })),
    ...[...found].filter((path) => !names.has(path)).map((path) => ({ path, problem: "not signed" })),
  ];
  if (problems.length === 0) return;
  const named = problems.slice(0, MAX_NAMED_FILES).map(({ path, problem }) => `${path} (${problem})`);
  const more = problems.length > named.length ? ` and ${problems.length - named.length} more` : "";
  throw new HomegrownError({
    code: "registry/changed-files",
    kind: "corrupt",
    message: `${folder} is not what was signed: ${named.join(", ")}${more}`,
    hint: "Do not load it. Restore the folder from a backup, register the model again, or roll back.",
    details: { folder, problems: problems.slice(0, MAX_NAMED_FILES) },
  });
}

/** The hash that goes with the key's curve, as Sigstore's key details pair them. */
function hashName(key: KeyObject): "sha256" | "sha384" | "sha512" {
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case "prime256v1":
      return "sha256";
    case "secp384r1":
      return "sha384";
    case "secp521r1":
      return "sha512";
    default:
      throw new HomegrownError({
        code: "registry/unsupported-key",
        kind: "invalid-input",
        message: `a key of type ${key.asymmetricKeyType ?? "unknown"} cannot sign or verify models`,
        hint: "Use an elliptic-curve key: P-256, P-384 or P-521.",
      });
  }
}
