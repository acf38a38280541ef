import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { comparePaths } from "./folder-files.ts";
import { signFolder, verifyFolder } from "./folder-signature.ts";
import { openKeys, publicKeyHint } from "./keys.ts";
import { preAuthenticationEncoding, toBundle, toPayload } from "./statement.ts";

const FIXTURE = join(import.meta.dirname, "fixtures", "signed-by-model-signing");
const isError =
  (code: string, part = "") =>
  (error: unknown) =>
    error instanceof HomegrownError &&
    error.code === code &&
    error.message.includes(part) &&
    error.hint !== "";

describe("folder signatures", () => {
  let scratch: string;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), "homegrown-signature-"));
  });
  after(() => rm(scratch, { recursive: true }));

  async function newFolder(name: string): Promise<string> {
    const folder = join(scratch, name);
    await mkdir(join(folder, "sub"), { recursive: true });
    await writeFile(join(folder, "a"), "a");
    await writeFile(join(folder, "sub", "b"), "b");
    return folder;
  }

  test("verifies a folder that PyPI model-signing signed", async () => {
    const pem = await readFile(join(FIXTURE, "signer.pub.pem"), "utf8");
    const { files, name } = await verifyFolder(join(FIXTURE, "model"), { publicKey: pem });
    assert.equal(name, "model");
    assert.deepEqual(
      files.map(({ path }) => path),
      ["Empty", "config.json", "sub/b", "sub/deep/z", "sub-1", "sub.x/c"],
    );
    const copy = join(scratch, "copy");
    await cp(join(FIXTURE, "model"), copy, { recursive: true });
    await writeFile(join(copy, "sub", "deep", "z"), "y\n");
    await assert.rejects(
      verifyFolder(copy, { publicKey: pem }),
      isError("registry/changed-files", "sub/deep/z (changed)"),
    );
    await assert.rejects(
      verifyFolder(copy, { publicKey }),
      isError("registry/unknown-key", "not the pinned one"),
    );
    await assert.rejects(verifyFolder(copy, { publicKey: "no key" }), isError("registry/unreadable-key"));
    await assert.rejects(verifyFolder(copy, {}), isError("registry/unknown-key"));
  });

  test("names everything that differs", async () => {
    const folder = await newFolder("differs");
    const signed = await signFolder(folder, privateKey, "model@v1");
    assert.deepEqual(await verifyFolder(folder, { publicKey }), signed);
    await writeFile(join(folder, "a"), "b");
    await rm(join(folder, "sub", "b"));
    await writeFile(join(folder, "sub", "c"), "");
    await assert.rejects(
      verifyFolder(folder, { publicKey }),
      isError("registry/changed-files", "a (changed), sub/b (missing), sub/c (not signed)"),
    );
  });

  test("signs and verifies no symbolic link", async () => {
    const folder = await newFolder("links");
    await signFolder(folder, privateKey);
    await symlink("a", join(folder, "link"));
    await assert.rejects(verifyFolder(folder, { publicKey }), isError("registry/unsignable-file", "link"));
    await assert.rejects(signFolder(folder, privateKey), isError("registry/unsignable-file", "link"));
  });

  test("a rightly signed statement that is nonsense is refused", async () => {
    const folder = await newFolder("nonsense");
    const digest = "0".repeat(64);
    const write = async (payload: Buffer): Promise<void> => {
      const signature = sign("sha256", preAuthenticationEncoding(payload), privateKey);
      await writeFile(
        join(folder, "model.sig"),
        toBundle({ hint: publicKeyHint(publicKey), payload, signature }),
      );
    };
    for (const path of ["../a", "/etc/passwd", "sub/../../a", "", "a\0b", "./a"]) {
      await write(toPayload("x", [{ path, sha256: digest }]));
      await assert.rejects(
        verifyFolder(folder, { publicKey }),
        isError("registry/bad-signature", "outside"),
        path,
      );
    }
    const twice = [0, 1].map(() => ({ path: "a", sha256: digest }));
    await write(toPayload("x", twice));
    await assert.rejects(verifyFolder(folder, { publicKey }), isError("registry/bad-signature", "twice"));
    const other = toPayload("x", [{ path: "a", sha256: digest }]).toString();
    await write(Buffer.from(other.replace(`"digest": "0`, `"digest": "1`)));
    await assert.rejects(
      verifyFolder(folder, { publicKey }),
      isError("registry/bad-signature", "root digest"),
    );
    await write(Buffer.from(other.replace("signature/v1.0", "signature/v9.0")));
    await assert.rejects(
      verifyFolder(folder, { publicKey }),
      isError("registry/bad-signature", "predicateType"),
    );
    await write(Buffer.from("[]"));
    await assert.rejects(verifyFolder(folder, { publicKey }), isError("registry/bad-signature"));
  });

  test("any damage to the signature file is an error that names it, never a crash and never accepted", async () => {
    const folder = await newFolder("damaged");
    await signFolder(folder, privateKey);
    const file = join(folder, "model.sig");
    const original = await readFile(file, "latin1");
    const { payload, sig } = /"payload":"(?<payload>[^"]+)".*"sig":"(?<sig>[^"]+)"/s.exec(original)!.groups!;
    const signedParts = [payload!, sig!].map((part) => [original.indexOf(part), part.length] as const);
    const position = fc.oneof(
      ...signedParts.map(([start, length]) => fc.integer({ min: start, max: start + length - 3 })),
    );
    await rm(file);
    await fc.assert(
      fc.asyncProperty(position, fc.integer({ min: 32, max: 126 }), async (at, code) => {
        const character = String.fromCharCode(code);
        fc.pre(original[at] !== character);
        await writeFile(file, original.slice(0, at) + character + original.slice(at + 1));
        await assert.rejects(verifyFolder(folder, { publicKey }), isError("registry/bad-signature", file));
      }),
      { numRuns: 60 },
    );
    for (const length of [0, 1, original.length >> 1, original.length - 1]) {
      await writeFile(file, original);
      await truncate(file, length);
      await assert.rejects(verifyFolder(folder, { publicKey }), isError("registry/bad-signature", "JSON"));
    }
    await rm(file);
    await assert.rejects(verifyFolder(folder, { publicKey }), isError("registry/unsigned", file));
  });

  test("two processes that need the first key get the same one; a key of another kind is refused", async () => {
    const folder = join(scratch, "keys");
    const keys = await Promise.all([1, 2, 3].map(() => openKeys(folder).privateKey()));
    const hints = new Set(keys.map((key) => publicKeyHint(createPublicKey(key))));
    assert.equal(hints.size, 1);
    assert.equal((await readdir(folder)).length, 2);
    const rsa = generateKeyPairSync("ed25519");
    await assert.rejects(
      signFolder(await newFolder("kind"), rsa.privateKey),
      isError("registry/unsupported-key"),
    );
  });

  test("paths are ordered as Python orders tuples of names", () => {
    const paths = ["sub-1", "sub.x/b", "sub/b", "sub", "Z", "\uFB01", "\u{1F600}", "a b"];
    assert.deepEqual(paths.sort(comparePaths), [
      "Z",
      "a b",
      "sub",
      "sub/b",
      "sub-1",
      "sub.x/b",
      "\uFB01",
      "\u{1F600}",
    ]);
  });
});
