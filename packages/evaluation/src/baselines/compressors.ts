// General compressors as baselines: bytes of output per byte of text, counted while streaming.
// Primed means that the training text was compressed just before, in the same stream and with a window
// that holds all of it, and only the bytes that the held-out text added are counted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, createGzip, createZstdCompress, type Gzip, type ZstdCompress } from "node:zlib";

type Texts = AsyncIterable<string> | Iterable<string>;

/** Output bytes of `gzip -9` over the texts end to end. Its window of 32 KiB cannot be primed usefully. */
export async function measureGzip(texts: Texts, signal?: AbortSignal): Promise<number> {
  const stream = createGzip({ level: 9 });
  const meter = meterOutput(stream);
  await writeAll(stream, texts, signal);
  stream.end();
  await once(stream, "close");
  return meter.bytes;
}

/**
 * Output bytes that zstd (level 19) needs for the texts, after `priming` in the same frame when given.
 * @param numBytes upper bound on priming and texts together; sets the window, at most 128 MiB
 */
export async function measureZstd(
  texts: Texts,
  numBytes: number,
  priming?: Texts,
  signal?: AbortSignal,
): Promise<number> {
  const stream = createZstdCompress({
    params: {
      [constants.ZSTD_c_compressionLevel]: 19,
      [constants.ZSTD_c_windowLog]: windowLog(numBytes),
      [constants.ZSTD_c_enableLongDistanceMatching]: priming ? 1 : 0,
    },
  });
  const meter = meterOutput(stream);
  let before = 0;
  if (priming) {
    await writeAll(stream, priming, signal);
    const flushed = Promise.withResolvers<void>();
    stream.flush(constants.ZSTD_e_flush, () => flushed.resolve());
    await flushed.promise;
    // What the flush made is still in the readable side: the meter sees it on the next turns.
    while (stream.readableLength > 0) await new Promise((resolve) => setImmediate(resolve));
    before = meter.bytes;
  }
  await writeAll(stream, texts, signal);
  stream.end();
  await once(stream, "close");
  return meter.bytes - before;
}

/**
 * Output bytes of the `xz` command (preset 9e), or undefined where there is none. Primed is the
 * difference of two runs, with and without the texts, since the command cannot be flushed midway.
 */
export async function measureXz(
  texts: Texts,
  numBytes: number,
  priming?: () => Texts,
  signal?: AbortSignal,
): Promise<number | undefined> {
  if (!priming) return runXz(texts, numBytes, signal);
  const [both, before] = await Promise.all([
    runXz(chain(priming(), texts), numBytes, signal),
    runXz(priming(), numBytes, signal),
  ]);
  return both === undefined || before === undefined ? undefined : both - before;
}

async function runXz(texts: Texts, numBytes: number, signal?: AbortSignal): Promise<number | undefined> {
  const dictionary = `${2 ** Math.max(16, Math.min(26, Math.ceil(Math.log2(numBytes + 1))))}`;
  const child = spawn(
    "xz",
    ["--stdout", "--threads=1", "--check=none", `--lzma2=preset=9e,dict=${dictionary}`],
    {
      stdio: ["pipe", "pipe", "ignore"],
      ...(signal ? { signal } : {}),
    },
  );
  let failed = false;
  child.on("error", () => (failed = true));
  child.stdin.on("error", () => (failed = true));
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => (bytes += chunk.length));
  const closed = once(child, "close").catch(() => [1]);
  for await (const text of texts) {
    if (failed) break;
    signal?.throwIfAborted();
    if (!child.stdin.write(text)) {
      await Promise.race([once(child.stdin, "drain").catch(() => undefined), closed]);
    }
  }
  child.stdin.end();
  const [code] = await closed;
  signal?.throwIfAborted();
  return failed || code !== 0 ? undefined : bytes;
}

async function* chain(first: Texts, second: Texts): AsyncGenerator<string> {
  yield* first;
  yield* second;
}

function windowLog(numBytes: number): number {
  return Math.max(17, Math.min(27, Math.ceil(Math.log2(numBytes + 1))));
}

function meterOutput(stream: Gzip | ZstdCompress): { bytes: number } {
  const meter = { bytes: 0 };
  stream.on("data", (chunk: Buffer) => (meter.bytes += chunk.length));
  return meter;
}

async function writeAll(stream: Gzip | ZstdCompress, texts: Texts, signal?: AbortSignal): Promise<void> {
  for await (const text of texts) {
    signal?.throwIfAborted();
    if (text.length > 0 && !stream.write(text)) await once(stream, "drain");
  }
}
