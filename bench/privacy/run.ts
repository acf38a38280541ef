/**
 * How much of what it should find the masker finds, and how often it masks what it should not.
 * Prints `bench/results/privacy-masking.md`; masks that nobody has judged yet go to stderr.
 *
 * Usage: node bench/privacy/run.ts [planted of each kind] [seed]
 */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { createRandom, proportionInterval } from "@homegrown/statistics";
import { createMasker } from "@homegrown/data";
import type { Random } from "../../packages/data/src/privacy/testing/draw.ts";
import {
  PLANTED_NATIONAL_IDS,
  PLANTED_PERSONAL,
  PLANTED_SECRETS,
  plantNationalId,
  plantPersonal,
  plantSecret,
  type Planted,
} from "../../packages/data/src/privacy/testing/plant.ts";
import { HOSTILE_PIECES } from "../../packages/data/src/privacy/testing/hostile-pieces.ts";
import { KNOWN_SURROUNDINGS, type Surroundings } from "../../packages/data/src/privacy/testing/carriers.ts";
import { SECOND_SURROUNDINGS } from "./second-surroundings.ts";
import { THIRD_SURROUNDINGS } from "./third-surroundings.ts";
import { UNSEEN_SURROUNDINGS } from "./unseen-surroundings.ts";
import { readCorpus, type Half } from "./corpus.ts";
import { hashOf, judge, type Verdict } from "./verdicts.ts";

const numPlanted = Number(process.argv[2] ?? 1000);
const seed = Number(process.argv[3] ?? 20261125);
const half: Half = process.argv[4] === "tuning" ? "tuning" : "held-out";
const masker = createMasker();

interface Recall {
  readonly name: string;
  readonly numFound: number;
  readonly numNamed: number;
  readonly numBeside: number;
  readonly misses: readonly string[];
}

function measureRecall(
  name: string,
  kind: string,
  index: number,
  plant: (random: Random) => Planted,
): Recall {
  const random = createRandom(seed + index);
  let numFound = 0;
  let numNamed = 0;
  let numBeside = 0;
  const misses: string[] = [];
  for (let at = 0; at < numPlanted; at++) {
    const { text, start, end } = plant(random);
    const { findings } = masker.mask(text);
    const covering = findings.find((finding) => finding.start <= start && finding.end >= end);
    if (covering === undefined)
      misses.push(text.slice(Math.max(0, start - 30), end + 10).replace(/\s+/g, " "));
    else numFound++;
    if (covering?.kind === kind) numNamed++;
    numBeside += findings.filter((finding) => finding.end <= start || finding.start >= end).length;
  }
  return { name, numFound, numNamed, numBeside, misses };
}

function toRow({ name, numFound, numNamed, numBeside }: Recall): string {
  const { value, low, high } = proportionInterval(numFound, numPlanted);
  return `| ${name} | ${value.toFixed(3)} | ${low.toFixed(3)}–${high.toFixed(3)} | ${numPlanted - numFound} | ${(numNamed / numPlanted).toFixed(3)} | ${numBeside} |`;
}

function measureRecalls(around: Surroundings, offset: number): Recall[] {
  return [
    ...PLANTED_SECRETS.map((name, index) =>
      measureRecall(name, name, offset + index, (random) => plantSecret(name, random, around)),
    ),
    ...PLANTED_PERSONAL.map((name, index) =>
      measureRecall(name, name, offset + 100 + index, (random) => plantPersonal(name, random, around)),
    ),
    ...PLANTED_NATIONAL_IDS.map((name, index) =>
      measureRecall(`national-id: ${name}`, "national-id", offset + 200 + index, (random) =>
        plantNationalId(name, random, around),
      ),
    ),
  ];
}

function toTable(recalls: readonly Recall[]): string {
  return `| kind | recall | 95 % (Wilson) | missed | named rightly | masks beside it |
|---|---|---|---|---|---|
${recalls.map(toRow).join("\n")}

Lowest: ${Math.min(...recalls.map(({ numFound }) => numFound / numPlanted)).toFixed(3)}. What was missed, up to three of a kind:

${recalls.flatMap(({ name, misses }) => misses.slice(0, 3).map((miss) => `- ${name}: \`${miss.replaceAll("`", "'")}\``)).join("\n") || "Nothing."}`;
}

const unseen = measureRecalls(UNSEEN_SURROUNDINGS, 3000);
const third = measureRecalls(THIRD_SURROUNDINGS, 2000);
const second = measureRecalls(SECOND_SURROUNDINGS, 1000);
const known = measureRecalls(KNOWN_SURROUNDINGS, 0);

interface SourceTally {
  numFiles: number;
  numBytes: number;
  numMasks: number;
  verdicts: Record<Verdict, number>;
}

const tallies = new Map<string, SourceTally>();
const kinds = new Map<string, Record<Verdict, number>>();
const noVerdicts = (): Record<Verdict, number> => ({ real: 0, sample: 0, false: 0, unjudged: 0 });
let microseconds = 0;
for (const { source, text, path } of readCorpus(half)) {
  const tally = tallies.get(source) ?? { numFiles: 0, numBytes: 0, numMasks: 0, verdicts: noVerdicts() };
  tallies.set(source, tally);
  const before = process.cpuUsage();
  const { findings } = masker.mask(text);
  const used = process.cpuUsage(before);
  microseconds += used.user + used.system;
  tally.numFiles++;
  tally.numBytes += Buffer.byteLength(text);
  tally.numMasks += findings.length;
  for (const finding of findings) {
    const value = text.slice(finding.start, finding.end);
    const verdict = judge(finding.kind, value);
    tally.verdicts[verdict]++;
    const ofKind = kinds.get(finding.kind) ?? noVerdicts();
    kinds.set(finding.kind, ofKind);
    ofKind[verdict]++;
    if (verdict === "unjudged" || verdict === "false") {
      const around = text.slice(Math.max(0, finding.start - 60), finding.end + 20).replace(/\s+/g, " ");
      console.error([verdict, hashOf(finding.kind, value), finding.kind, value, around, path].join("\t"));
    }
  }
}

/** Each piece of what detectors look for, alone and around long runs, repeated to a megabyte. */
const hostile = HOSTILE_PIECES.flatMap((piece) => [
  piece,
  ...["a", "1", "_", "A"].map((filler) => piece + filler.repeat(500)),
]).map((unit) => {
  const text = unit.repeat(Math.ceil(1e6 / unit.length)).slice(0, 1e6);
  const before = process.cpuUsage();
  masker.mask(text);
  const { user, system } = process.cpuUsage(before);
  return { unit, seconds: (user + system) / 1e6 };
});

const total = [...tallies.values()].reduce(
  (sum, { numBytes, numMasks, verdicts }) => ({
    numBytes: sum.numBytes + numBytes,
    numMasks: sum.numMasks + numMasks,
    numFalse: sum.numFalse + verdicts.false + verdicts.unjudged,
    numSamples: sum.numSamples + verdicts.sample,
  }),
  { numBytes: 0, numMasks: 0, numFalse: 0, numSamples: 0 },
);
const perMegabyte = (count: number, numBytes: number): string => (count / (numBytes / 1e6)).toFixed(2);
const commit = execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
  encoding: "utf8",
  cwd: import.meta.dirname,
}).trim();

console.log(`## Figures

${cpus()[0]?.model ?? "unknown machine"}, Node ${process.version}, commit ${commit}, seed ${seed}, ${numPlanted} planted of each kind.
Written by \`node bench/privacy/run.ts ${numPlanted} ${seed}\`.

### Recall in surroundings that no detector was written or mended against

${toTable(unseen)}

### Recall in those that the detectors were written or mended against, fresh values

| kind | first set | second | third |
|---|---|---|---|
${known.map((row, index) => `| ${row.name} | ${[row, second[index], third[index]].map((recall) => ((recall?.numFound ?? 0) / numPlanted).toFixed(3)).join(" | ")} |`).join("\n")}

### False masks (the ${half} half)

| source | files | MB | masks | real | sample | false | false a MB | all masks a MB |
|---|---|---|---|---|---|---|---|---|
${[...tallies]
  .map(
    ([source, { numFiles, numBytes, numMasks, verdicts }]) =>
      `| ${source} | ${numFiles} | ${(numBytes / 1e6).toFixed(1)} | ${numMasks} | ${verdicts.real} | ${verdicts.sample} | ${verdicts.false + verdicts.unjudged} | ${perMegabyte(verdicts.false + verdicts.unjudged, numBytes)} | ${perMegabyte(numMasks, numBytes)} |`,
  )
  .join("\n")}
| all | | ${(total.numBytes / 1e6).toFixed(1)} | ${total.numMasks} | | ${total.numSamples} | ${total.numFalse} | ${perMegabyte(total.numFalse, total.numBytes)} | ${perMegabyte(total.numMasks, total.numBytes)} |

Samples counted as false too: ${perMegabyte(total.numFalse + total.numSamples, total.numBytes)} a MB.

| kind | real | sample | false |
|---|---|---|---|
${[...kinds].map(([kind, verdicts]) => `| ${kind} | ${verdicts.real} | ${verdicts.sample} | ${verdicts.false + verdicts.unjudged} |`).join("\n")}

### Speed

${(total.numBytes / microseconds).toFixed(1)} MB for a second of one core, over the corpus. Hostile texts of 1 MB, slowest five of ${hostile.length}:

| repeated | seconds of a core |
|---|---|
${hostile
  .toSorted((a, b) => b.seconds - a.seconds)
  .slice(0, 5)
  .map(
    ({ unit, seconds }) =>
      `| \`${JSON.stringify(unit.slice(0, 32)).replaceAll("|", "\\|")}\` | ${seconds.toFixed(2)} |`,
  )
  .join("\n")}
`);
