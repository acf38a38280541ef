// Twenty steps of a tiny model on the first small files of the fixed corpus, against the curve in git:
// whatever is rewritten, the numbers stay. The curve is compared to 1e-5, not to the bit, because matrix
// kernels differ between instruction sets; the fixture names the one that it was made on. After a change
// that is meant to change the numbers:
// HOMEGROWN_UPDATE_GOLDEN=1 node --test packages/training/src/run/loss-curve.golden.test.ts
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { RunManifest } from "@homegrown/contracts";
import { FIXED_CORPUS_SHA256, readFixedCorpus } from "@homegrown/testing";
import { createTinyHome } from "../tiny-home.ts";
import type { TinyHome } from "../tiny-home.ts";
import { readMetrics } from "./metrics-file.ts";
import { train } from "./train.ts";

interface GoldenCurves {
  /** What was learned from: the first `documents` small files of the fixed corpus with this hash. */
  readonly corpus: { readonly sha256: string; readonly documents: number };
  readonly madeOn: { readonly processor: string; readonly instructionSet: string };
  readonly curves: Readonly<Record<string, { readonly train: number[]; readonly heldOut: number[] }>>;
}

const file = join(import.meta.dirname, "loss-curve.golden.json");
const tolerance = 1e-5;
const corpus: GoldenCurves["corpus"] = { sha256: FIXED_CORPUS_SHA256, documents: 60 };

let tiny: TinyHome;
before(async () => {
  const small = readFixedCorpus().filter(({ text }) => text.length < 12_000);
  const documents = small.slice(0, corpus.documents).map(({ text }) => text);
  tiny = await createTinyHome({}, documents);
});
after(() => tiny.remove());

async function curveOf(kind: RunManifest["optimizer"]["kind"]): Promise<GoldenCurves["curves"][string]> {
  // AdamW divides gradients that are nothing but rounding by themselves: with an epsilon of 1e-8 the order of
  // a sum moves its curve by 1e-3, with these values by 2e-7, as it does Muon's.
  const gentle = { epsilon: 1e-4, ...(kind === "adamw" ? { learningRate: 0.005 } : {}) };
  const optimizer = { ...tiny.manifest.optimizer, kind, ...gentle };
  const { metricsFile } = await train({
    home: tiny.home,
    manifest: { ...tiny.manifest, id: kind, optimizer },
  });
  const lines = await readMetrics(metricsFile);
  const pick = (event: string): number[] =>
    lines.filter((line) => line.event === event).map(({ loss }) => loss);
  return { train: pick("train-step"), heldOut: pick("evaluate-held-out") };
}

test("the loss curves are those in git", async () => {
  const curves = { adamw: await curveOf("adamw"), muon: await curveOf("muon") };
  if (process.env["HOMEGROWN_UPDATE_GOLDEN"] === "1") {
    const golden: GoldenCurves = {
      corpus,
      madeOn: { processor: cpus()[0]?.model ?? "unknown", instructionSet: await instructionSet() },
      curves,
    };
    await writeFile(file, `${JSON.stringify(golden, undefined, 2)}\n`);
  }
  const golden = JSON.parse(await readFile(file, "utf8")) as GoldenCurves;
  assert.deepEqual(golden.corpus, corpus, "the curves in git are of another text: renew them");
  const here = await instructionSet();
  for (const [kind, { train, heldOut }] of Object.entries(golden.curves)) {
    const now = curves[kind as keyof typeof curves];
    assert.deepEqual([now.train.length, now.heldOut.length], [train.length, heldOut.length]);
    [...train, ...heldOut].forEach((expected, i) => {
      const got = [...now.train, ...now.heldOut][i]!;
      const where = `${kind}, value ${i}: ${got}, in git ${expected} (made on ${golden.madeOn.instructionSet}, here ${here})`;
      assert.ok(Math.abs(got - expected) <= tolerance * Math.abs(expected), where);
    });
  }
});

/** The widest vector instructions that the matrix kernels can use here. */
async function instructionSet(): Promise<string> {
  const info = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const flags = /^flags\s*:(.*)$/m.exec(info)?.[1]?.split(" ") ?? [];
  return ["avx512f", "avx2", "avx"].find((flag) => flags.includes(flag)) ?? process.arch;
}
