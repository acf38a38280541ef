import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { openBlobStore } from "./blobs.ts";
import type { BlobStore } from "./blobs.ts";
import { hashInThread } from "./hash-threads.ts";
import { digestsEqual, sha256, sha256File } from "./hashes.ts";

describe("blobs", () => {
  let folder: string;
  let blobs: BlobStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "homegrown-blobs-"));
    blobs = openBlobStore(join(folder, "blobs"));
  });
  after(() => rm(folder, { recursive: true }));

  const blobPath = (digest: string) => join(folder, "blobs", digest.slice(0, 2), digest);
  async function file(name: string, content: string): Promise<string> {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  }

  test("digests equal the published test vectors, here and in threads", async () => {
    // FIPS 180-4's examples: "abc" and a million letters a.
    assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    assert.equal(await sha256File(await file("million", "a".repeat(1_000_000))), million);
    const chunks = await file("chunks", "b".repeat((1 << 21) + 7));
    const digests = await Promise.all(Array.from({ length: 9 }, () => sha256File(chunks)));
    assert.deepEqual([...new Set(digests)], [sha256(await readFile(chunks))]);
    await assert.rejects(sha256File(join(folder, "missing")), { code: "ENOENT" });
    await assert.rejects(hashInThread(join(folder, "missing")), { code: "ENOENT" });
    assert.ok(digestsEqual(million, million));
    assert.ok(!digestsEqual(million, million.slice(1)) && !digestsEqual(million, `${million.slice(1)}1`));
  });

  test("files with one content become one read-only file", async () => {
    const [a, b] = [await file("a", "same"), await file("b", "same")];
    const added = await blobs.add(a);
    assert.deepEqual(added, { sha256: sha256("same"), bytes: 4 });
    assert.deepEqual(await blobs.add(b), added);
    assert.deepEqual(await blobs.add(b), added);
    const [left, right] = await Promise.all([stat(a), stat(b)]);
    assert.equal(left.ino, right.ino);
    assert.equal(left.nlink, 3);
    assert.equal(left.mode & 0o777, 0o444);
  });

  test("a damaged blob is replaced, never handed on", async () => {
    const first = await file("first", "content");
    const { sha256: digest } = await blobs.add(first);
    await chmod(first, 0o644);
    await writeFile(first, "damaged");
    const second = await file("second", "content");
    await blobs.add(second);
    assert.equal(await readFile(second, "utf8"), "content");
    assert.equal(await readFile(blobPath(digest), "utf8"), "content");
    assert.equal(await readFile(first, "utf8"), "damaged");
  });

  const other = "/dev/shm";
  const skip = [undefined, device(tmpdir())].includes(device(other)) ? "needs a second device" : false;
  test("across devices the file stays a copy of its own", { skip }, async () => {
    const elsewhere = await mkdtemp(join(other, "homegrown-blobs-"));
    try {
      const own = await file("own", "unshared");
      assert.deepEqual(await openBlobStore(elsewhere).add(own), { sha256: sha256("unshared"), bytes: 8 });
      assert.equal(await readFile(own, "utf8"), "unshared");
      assert.equal((await stat(own)).nlink, 1);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  test("sweeping removes what nothing links to", async () => {
    const [kept, gone] = [await file("kept", "kept"), await file("gone", "gone")];
    const [keptBlob, goneBlob] = [await blobs.add(kept), await blobs.add(gone)];
    await rm(gone);
    await blobs.sweep();
    await stat(blobPath(keptBlob.sha256));
    await assert.rejects(stat(blobPath(goneBlob.sha256)));
  });
});

function device(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.dev;
}
