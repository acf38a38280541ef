// PyPI `model-signing` as referee: it verifies folders that we signed, we verify folders that it signed, and the
// statements of both are the same lines.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { HomegrownError } from "@homegrown/contracts";
import { ensurePython } from "@homegrown/testing";
import { openRegistry } from "../registry.ts";
import { signFolder, verifyFolder } from "./folder-signature.ts";
import { fromBundle } from "./statement.ts";

const run = promisify(execFile);
// model-signing 1.1.1 imports OpenSSL without declaring it.
const PACKAGES = ["model-signing==1.1.1", "pyOpenSSL==26.4.0"];

describe("PyPI model-signing", { timeout: 300_000 }, () => {
  let python: string;
  let scratch: string;
  let folder: string;
  before(async () => {
    python = await ensurePython(PACKAGES);
    scratch = await mkdtemp(join(tmpdir(), "homegrown-signing-"));
    folder = join(scratch, "demo");
    // Names that sort differently by code point, by UTF-16 unit, by whole path and by locale.
    await mkdir(join(folder, "sub", "deep"), { recursive: true });
    await mkdir(join(folder, "sub.x"));
    const names = [
      "a b",
      "sub/é.json",
      "sub/\u{1F600}",
      "sub/\uFB01",
      "sub/deep/z",
      "sub.x/b",
      "Z",
      "sub-1",
      "\u007F",
    ];
    for (const name of names) await writeFile(join(folder, name), `content of ${name}`);
    await writeFile(join(folder, "large"), Buffer.alloc(3_000_001, 7));
    await writeFile(join(folder, ".gitattributes"), "left out by both");
  });
  after(() => rm(scratch, { recursive: true }));

  const cli = (...args: string[]) => run(python, ["-m", "model_signing", ...args]);
  async function keys(curve: string): Promise<{
    privateFile: string;
    publicFile: string;
    publicPem: string;
    privateKey: ReturnType<typeof generateKeyPairSync>["privateKey"];
  }> {
    const pair = generateKeyPairSync("ec", { namedCurve: curve });
    const privateFile = join(scratch, `${curve}.pem`);
    const publicFile = join(scratch, `${curve}.pub.pem`);
    const publicPem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
    await writeFile(privateFile, pair.privateKey.export({ type: "sec1", format: "pem" }));
    await writeFile(publicFile, publicPem);
    return { privateFile, publicFile, publicPem, privateKey: pair.privateKey };
  }
  async function freshCopy(name: string): Promise<string> {
    await cp(folder, join(scratch, name, "demo"), { recursive: true });
    return join(scratch, name, "demo");
  }
  const verifyThere = (path: string, publicFile: string) =>
    cli("verify", "key", path, "--signature", join(path, "model.sig"), "--public_key", publicFile);
  const signThere = (path: string, privateFile: string) =>
    cli("sign", "key", path, "--signature", join(path, "model.sig"), "--private_key", privateFile);

  for (const curve of ["P-256", "P-384", "P-521"]) {
    test(`${curve}: each verifies what the other signed, and both refuse one changed byte`, async () => {
      const { privateFile, publicFile, publicPem, privateKey } = await keys(curve);
      const [ours, theirs] = [await freshCopy(`ours-${curve}`), await freshCopy(`theirs-${curve}`)];
      await signFolder(ours, privateKey);
      await verifyThere(ours, publicFile);
      await signThere(theirs, privateFile);
      const verified = await verifyFolder(theirs, { publicKey: publicPem });
      assert.equal(verified.name, "demo");
      assert.equal(verified.files.length, 10);
      assert.deepEqual(await statement(ours), await statement(theirs));
      for (const path of [ours, theirs]) {
        await appendFile(join(path, "sub", "é.json"), "x");
        await assert.rejects(verifyThere(path, publicFile), /sub\/é\.json/);
        await assert.rejects(
          verifyFolder(path, { publicKey: publicPem }),
          (error) => error instanceof HomegrownError && error.message.includes("sub/é.json (changed)"),
        );
      }
    });
  }

  test("it verifies a version of a registry with the home's public key", async () => {
    const home = join(scratch, "home");
    const registry = await openRegistry(home);
    const version = await registry.register({
      name: "demo",
      fill: (target) => cp(folder, target, { recursive: true }),
      lineage: {
        origin: { kind: "imported", source: "test", license: "MIT", sha256: "0".repeat(64), bytes: 1 },
        parent: null,
        licenses: [],
        weights: [{ file: "large", type: "F32" }],
      },
    });
    await registry.close();
    const publicFile = join(home, "keys", `${version.keyHint.slice(0, 16)}.pub.pem`);
    const { stdout } = await verifyThere(version.folder, publicFile);
    assert.match(stdout, /succeeded/);
  });

  test("a folder signed by another key is refused on both sides", async () => {
    const path = await freshCopy("other");
    const [mine, other] = [await keys("prime256v1"), await keys("secp384r1")];
    await signThere(path, mine.privateFile);
    await assert.rejects(verifyThere(path, other.publicFile));
    await assert.rejects(
      verifyFolder(path, { publicKey: other.publicPem }),
      (error) => error instanceof HomegrownError && error.code === "registry/unknown-key",
    );
  });
});

/**
 * The signed payload as values, and its lines in order of the alphabet: `model-signing` writes the keys of its
 * protobuf maps and the set of ignored paths in an order that differs from run to run.
 */
async function statement(path: string): Promise<{ value: Statement; lines: string[] }> {
  const file = join(path, "model.sig");
  const { payload } = fromBundle(await readFile(file, "utf8"), file);
  const value = JSON.parse(payload.toString()) as Statement;
  value.predicate.serialization.ignore_paths.sort();
  const lines = payload.toString("latin1").split("\n");
  return { value, lines: lines.map((line) => line.replace(/,$/, "")).sort() };
}

interface Statement {
  predicate: { serialization: { ignore_paths: string[] } };
}
