// Version folders on disk, `models/<name>/v<number>/`: how one is made, and what is done with what a crash left.
// Order: fill, homegrown.json, blobs, sign, rename to its name, row. A folder with a version's name is therefore
// whole and signed; without a row its registration died just before the end, and it is adopted.
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HomegrownError, lineageSchema } from "@homegrown/contracts";
import type { Lineage } from "@homegrown/contracts";
import {
  acquireLock,
  digestsEqual,
  openBlobStore,
  stageFolder,
  sweepTemporaries,
  toDiskError,
} from "@homegrown/storage";
import type { HomePaths } from "@homegrown/storage";
import type { Catalogue, VersionRow } from "./catalogue.ts";
import { toReference, toVersion, versionNumber } from "./references.ts";
import { SIGNATURE_FILE, listFiles } from "./signatures/folder-files.ts";
import { signFolder, verifyFolder } from "./signatures/folder-signature.ts";
import type { VerifiedFolder } from "./signatures/folder-signature.ts";
import type { SigningKeys } from "./signatures/keys.ts";
import { badSignature } from "./signatures/statement.ts";

export const LINEAGE_FILE = "homegrown.json";

/** How long a registration waits for another one of the same name to choose its number and sign. */
const LOCK_WAIT_MS = 120_000;

/** What the caller knows of where a version came from; the registry adds its name and time. */
export type LineageInput = Omit<Lineage, "schemaVersion" | "name" | "createdAt">;

export interface NewVersion {
  name: string;
  /** Writes the model's files into the folder given; they are moved into the blob store afterwards. */
  fill: (folder: string) => Promise<void>;
  /** A function is called when the folder is filled, for what is known only then. */
  lineage: LineageInput | ((folder: string) => LineageInput | Promise<LineageInput>);
}

/** What recovery found when the registry was opened. */
export interface Recovery {
  /** Versions whose registration had died after the folder was whole: they are listed now. */
  adopted: readonly string[];
  /** Folders with a version's name that are not listed, and why. */
  refused: readonly { folder: string; message: string }[];
}

export class VersionFolders {
  #paths: HomePaths;
  #keys: SigningKeys;
  #catalogue: Catalogue;

  constructor(paths: HomePaths, keys: SigningKeys, catalogue: Catalogue) {
    this.#paths = paths;
    this.#keys = keys;
    this.#catalogue = catalogue;
  }

  folder(name: string, number: number): string {
    return join(this.#paths.models, name, toVersion(number));
  }

  /**
   * Makes, signs, publishes and records the next version of `name`. On failure nothing is left, unless only the
   * row could not be written: then the folder is whole, and the next opening adopts it.
   */
  async create({ name, fill, lineage: input }: NewVersion): Promise<VersionRow> {
    const staged = await stageFolder(join(this.#paths.models, name, "version"));
    try {
      await fill(staged.folder);
      const given = typeof input === "function" ? await input(staged.folder) : input;
      const lineage = await this.#writeLineage(staged.folder, name, given);
      const bytes = await this.#moveIntoBlobs(staged.folder);
      const lock = await acquireLock(join(this.#paths.locks, `register-${name}`), `registering ${name}`, {
        waitMs: LOCK_WAIT_MS,
      });
      try {
        const number = await this.#nextNumber(name);
        const key = await this.#keys.privateKey();
        const signed = await signFolder(staged.folder, key, toReference(name, number));
        await staged.publish(this.folder(name, number));
        const row = toRow(name, number, lineage, bytes, signed);
        await this.#catalogue.addVersion(row);
        return row;
      } finally {
        await lock.release();
      }
    } catch (error) {
      await staged.discard();
      throw toDiskError(error, staged.folder);
    }
  }

  /** Hashes every file of a listed version, and its signature file against its row. */
  async verify({ name, number, signature_sha256: expected }: VersionRow): Promise<VerifiedFolder> {
    const verified = await this.#verifyFolder(name, number);
    if (!digestsEqual(verified.signatureSha256, expected)) {
      const file = join(this.folder(name, number), SIGNATURE_FILE);
      throw badSignature(file, "it is not the file that was written when the version was registered");
    }
    return verified;
  }

  /** Also refuses the folder of another version put in this one's place. */
  async #verifyFolder(name: string, number: number): Promise<VerifiedFolder> {
    const folder = this.folder(name, number);
    const verified = await verifyFolder(folder, { findKey: (hint) => this.#keys.publicKey(hint) });
    const expected = toReference(name, number);
    if (verified.name !== expected) {
      throw badSignature(
        join(folder, SIGNATURE_FILE),
        `it was made for ${verified.name}, expected ${expected}`,
      );
    }
    return verified;
  }

  async readLineage(name: string, number: number): Promise<Lineage> {
    const path = join(this.folder(name, number), LINEAGE_FILE);
    try {
      return lineageSchema.parse(JSON.parse(await readFile(path, "utf8")));
    } catch (cause) {
      throw new HomegrownError({
        code: "registry/unreadable-lineage",
        kind: "corrupt",
        message: `${path} is missing, or no lineage that this program knows`,
        hint: "Run `homegrown models verify`; restore the folder from a backup or roll back.",
        details: { path },
        cause,
      });
    }
  }

  /** Sweeps what dead processes left, and adopts whole folders that have no row. */
  async recover(): Promise<Recovery> {
    const adopted: string[] = [];
    const refused: { folder: string; message: string }[] = [];
    const listed = new Set(
      (await this.#catalogue.versions()).map((row) => toReference(row.name, row.number)),
    );
    for (const folder of [this.#paths.keys, this.#paths.locks]) await sweepTemporaries(folder);
    for (const name of await readNames(this.#paths.models)) {
      await sweepTemporaries(join(this.#paths.models, name));
      for (const number of await readNumbers(join(this.#paths.models, name))) {
        const reference = toReference(name, number);
        if (listed.has(reference)) continue;
        try {
          await this.#adopt(name, number);
          adopted.push(reference);
        } catch (error) {
          if (!(error instanceof HomegrownError)) throw error;
          refused.push({ folder: this.folder(name, number), message: error.message });
        }
      }
    }
    await openBlobStore(this.#paths.blobs).sweep();
    return { adopted, refused };
  }

  async #adopt(name: string, number: number): Promise<void> {
    const verified = await this.#verifyFolder(name, number);
    const lineage = await this.readLineage(name, number);
    const folder = this.folder(name, number);
    let bytes = 0;
    for (const { path } of verified.files) bytes += (await stat(join(folder, path))).size;
    await this.#catalogue.addVersion(toRow(name, number, lineage, bytes, verified));
  }

  async #writeLineage(folder: string, name: string, input: LineageInput): Promise<Lineage> {
    const files = new Set(await listFiles(folder, []));
    const reserved = [LINEAGE_FILE, SIGNATURE_FILE].find((file) => files.has(file));
    if (reserved !== undefined) {
      throw invalidVersion(name, `its folder holds ${reserved} already`, `Do not write ${reserved}.`);
    }
    const missing = input.weights.find(({ file }) => !files.has(file));
    if (missing || input.weights.length === 0) {
      throw invalidVersion(
        name,
        missing ? `its lineage names ${missing.file}, which is not in the folder` : "it names no weights",
        "Name in lineage.weights the files that a server may load, relative to the folder.",
      );
    }
    const parsed = lineageSchema.safeParse({
      ...input,
      schemaVersion: 1,
      name,
      createdAt: new Date().toISOString(),
    });
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      throw invalidVersion(
        name,
        `its lineage.${path.join(".")} is wrong: ${message}`,
        "Give it as contracts' Lineage has it.",
      );
    }
    const lineage = parsed.data;
    // Publishing forces it to disk with the rest of the folder.
    await writeFile(join(folder, LINEAGE_FILE), `${JSON.stringify(lineage, null, 2)}\n`, { mode: 0o444 });
    return lineage;
  }

  /** Returns the bytes of all files. The lineage stays out: no two versions could share it. */
  async #moveIntoBlobs(folder: string): Promise<number> {
    const blobs = openBlobStore(this.#paths.blobs);
    let bytes = (await stat(join(folder, LINEAGE_FILE))).size;
    for (const file of await listFiles(folder, [LINEAGE_FILE])) {
      bytes += (await blobs.add(join(folder, file))).bytes;
    }
    return bytes;
  }

  /** Above every row and every folder, listed or not: a number is never used twice. */
  async #nextNumber(name: string): Promise<number> {
    const rows = (await this.#catalogue.versions(name)).map((row) => row.number);
    const folders = await readNumbers(join(this.#paths.models, name));
    return Math.max(0, ...rows, ...folders) + 1;
  }
}

async function readNames(models: string): Promise<string[]> {
  const entries = await readdir(models, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name);
}

async function readNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.map(versionNumber).filter((number) => number !== undefined);
}

function toRow(
  name: string,
  number: number,
  lineage: Lineage,
  bytes: number,
  signed: VerifiedFolder,
): VersionRow {
  const { origin, licenses, createdAt } = lineage;
  const license =
    origin.kind === "imported" ? origin.license : [...new Set(licenses.map((l) => l.license))].join(", ");
  return {
    name,
    number,
    created_at: createdAt,
    origin: origin.kind,
    license,
    bytes,
    key_hint: signed.keyHint,
    signature_sha256: signed.signatureSha256,
  };
}

function invalidVersion(name: string, why: string, hint: string): HomegrownError {
  return new HomegrownError({
    code: "registry/invalid-version",
    kind: "invalid-input",
    message: `cannot register a version of ${name}: ${why}`,
    hint,
    details: { name },
  });
}
