// Signing keys of one home: ECDSA P-256, made on first use. They lie beside the models, so they detect
// accidents (a flipped bit, a half-copied folder, a wrong file), not somebody who may write this folder: such
// a person signs anew. Against that, keep a public key elsewhere and pin it (`verifyFolder(…, {publicKey})`).
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { KeyObject } from "node:crypto";
import { HomegrownError } from "@homegrown/contracts";
import { digestsEqual, ensureFolder, sha256, toDiskError, writeFileAtomic } from "@homegrown/storage";

/** Opens `folder` (HOMEGROWN_HOME/keys); makes nothing until something is to be signed. */
export function openKeys(folder: string): SigningKeys {
  return new SigningKeys(folder);
}

const PRIVATE_FILE = "signing.pem";
const PUBLIC_SUFFIX = ".pub.pem";

export class SigningKeys {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The home's private key, generated on first use with mode 0600; its public half is written beside it. */
  async privateKey(): Promise<KeyObject> {
    const path = join(this.folder, PRIVATE_FILE);
    const existing = await this.#readPrivate(path);
    if (existing) return existing;
    await ensureFolder(this.folder);
    await chmod(this.folder, 0o700);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    try {
      await writeFileAtomic(path, pem, { mode: 0o600, exclusive: true });
    } catch (error) {
      if (!(error instanceof HomegrownError) || error.code !== "storage/exists") throw error;
    }
    // Read back: when two processes made the first key at once, both use the one that was there first.
    return (await this.#readPrivate(path))!;
  }

  /**
   * The public key with this hint among those in the folder: the home's own, and any `*.pub.pem` put there
   * on purpose. Undefined when none has it.
   */
  async publicKey(hint: string): Promise<KeyObject | undefined> {
    await this.#readPrivate(join(this.folder, PRIVATE_FILE));
    for (const name of (await readdir(this.folder).catch(() => [])).sort()) {
      if (!name.endsWith(PUBLIC_SUFFIX)) continue;
      const key = parsePublicKey(await readFile(join(this.folder, name), "utf8"), name);
      if (digestsEqual(publicKeyHint(key), hint)) return key;
    }
    return undefined;
  }

  async #readPrivate(path: string): Promise<KeyObject | undefined> {
    const pem = await readIfPresent(path);
    if (pem === undefined) return undefined;
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch (cause) {
      throw new HomegrownError({
        code: "registry/unreadable-key",
        kind: "corrupt",
        message: `${path} is not a private key in PEM form`,
        hint: "Restore it from a backup. Or move it away: a new key is made, and *.pub.pem still verifies old versions.",
        details: { path },
        cause,
      });
    }
    await this.#keepPublicHalf(key);
    return key;
  }

  /** Named by its hint: a later private key never replaces the public key that old versions need. */
  async #keepPublicHalf(key: KeyObject): Promise<void> {
    const publicKey = createPublicKey(key);
    const path = join(this.folder, `${publicKeyHint(publicKey).slice(0, 16)}${PUBLIC_SUFFIX}`);
    const pem = publicKeyPem(publicKey);
    const found = await readFile(path, "utf8").catch(() => undefined);
    if (found === pem) return;
    await mkdir(this.folder, { recursive: true });
    await writeFileAtomic(path, pem);
  }
}

/** A key that is there but may not be read must not look like one that has to be made. */
async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw toDiskError(error, path);
  }
}

/** A public (or private) key in PEM form as a public key; errors name `origin`. */
export function parsePublicKey(pem: string, origin: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new HomegrownError({
      code: "registry/unreadable-key",
      kind: "invalid-input",
      message: `${origin} is not a public key in PEM form`,
      hint: "Give an elliptic-curve public key as written by `openssl ec -pubout`.",
      cause,
    });
  }
}

export function publicKeyPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** How a bundle names its key: sha256 of the PEM of its SubjectPublicKeyInfo (as `model-signing` does). */
export function publicKeyHint(key: KeyObject): string {
  return sha256(publicKeyPem(key));
}
