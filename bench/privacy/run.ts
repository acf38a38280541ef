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
import { FOURTH_SURROUNDINGS } from "./fourth-surroundings.ts";
import { UNSEEN_SURROUNDINGS } from "./unseen-surroundings.ts";
import { readCorpus, type Part } from "./corpus.ts";
import { hashOf, judge, type Verdict } from "./verdicts.ts";

const numPlanted = Number(process.argv[2] ?? 1000);
const seed = Number(process.argv[3] ?? 20261125);
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

const unseen = measureRecalls(UNSEEN_SURROUNDINGS, 4000);
const fourth = measureRecalls(FOURTH_SURROUNDINGS, 3000);
const third = measureRecalls(THIRD_SURROUNDINGS, 2000);
const second = measureRecalls(SECOND_SURROUNDINGS, 1000);
const known = measureRecalls(KNOWN_SURROUNDINGS, 0);

interface SourceTally {
  numFiles: number;
  numBytes: number;
  numMasks: number;
  verdicts: Record<Verdict, number>;
}

interface CorpusTally {
  readonly sources: ReadonlyMap<string, SourceTally>;
  readonly kinds: ReadonlyMap<string, Record<Verdict, number>>;
  readonly cpuSeconds: number;
}

const noVerdicts = (): Record<Verdict, number> => ({ real: 0, sample: 0, false: 0, unjudged: 0 });

function measureFalseMasks(part: Part): CorpusTally {
  const sources = new Map<string, SourceTally>();
  const kinds = new Map<string, Record<Verdict, number>>();
  let microseconds = 0;
  for (const { source, text, path } of readCorpus(part)) {
    const tally = sources.get(source) ?? { numFiles: 0, numBytes: 0, numMasks: 0, verdicts: noVerdicts() };
    sources.set(source, tally);
    const before = process.cpuUsage();
    const { findings } = masker.mask(text);
    const used = process.cpuUsage(before);
    microseconds += used.user + used.system;
    tally.numFiles++;
    tally.numBytes += Buffer.byteLength(text);
    tally.numMasks += findings.length;
    for (const { kind, start, end } of findings) {
      const value = text.slice(start, end);
      const verdict = judge(kind, value);
      tally.verdicts[verdict]++;
      const ofKind = kinds.get(kind) ?? noVerdicts();
      kinds.set(kind, ofKind);
      ofKind[verdict]++;
      const around = text.slice(Math.max(0, start - 60), end + 20).replace(/\s+/g, " ");
      if (verdict === "unjudged")
        console.error([part, hashOf(kind, value), kind, value, around, path].join("\t"));
    }
  }
  return { sources, kinds, cpuSeconds: microseconds / 1e6 };
}

function perMegabyte(count: number, numBytes: number): string {
  return (count / (numBytes / 1e6)).toFixed(2);
}

function toFalseTable({ sources, kinds }: CorpusTally): string {
  const all: SourceTally = { numFiles: 0, numBytes: 0, numMasks: 0, verdicts: noVerdicts() };
  for (const tally of sources.values()) {
    all.numFiles += tally.numFiles;
    all.numBytes += tally.numBytes;
    all.numMasks += tally.numMasks;
    for (const verdict of ["real", "sample", "false", "unjudged"] as const)
      all.verdicts[verdict] += tally.verdicts[verdict];
  }
  const rows = [...sources, ["all", all] as const].map(
    ([source, { numFiles, numBytes, numMasks, verdicts }]) => {
      const numFalse = verdicts.false + verdicts.unjudged;
      return `| ${source} | ${numFiles} | ${(numBytes / 1e6).toFixed(1)} | ${numMasks} | ${perMegabyte(numMasks, numBytes)} | ${verdicts.real} | ${verdicts.sample} | ${numFalse} | ${perMegabyte(numFalse, numBytes)} | ${perMegabyte(numFalse + verdicts.sample, numBytes)} |`;
    },
  );
  const kindRows = [...kinds]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([kind, verdicts]) =>
        `| ${kind} | ${verdicts.real} | ${verdicts.sample} | ${verdicts.false + verdicts.unjudged} |`,
    );
  return `| source | files | MB | masks | masks a MB | real | sample | false | **false a MB** | false and sample a MB |
|---|---|---|---|---|---|---|---|---|---|
${rows.join("\n")}

| kind | real | sample | false |
|---|---|---|---|
${kindRows.join("\n")}`;
}

const unseenCorpus = measureFalseMasks("unseen");
const knownCorpus = measureFalseMasks("known");
const numMegabytes =
  [...unseenCorpus.sources.values(), ...knownCorpus.sources.values()].reduce(
    (sum, { numBytes }) => sum + numBytes,
    0,
  ) / 1e6;

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

| kind | first set | second | third | fourth |
|---|---|---|---|---|
${known.map((row, index) => `| ${row.name} | ${[row, second[index], third[index], fourth[index]].map((recall) => ((recall?.numFound ?? 0) / numPlanted).toFixed(3)).join(" | ")} |`).join("\n")}

### False masks in the last text that was opened

${toFalseTable(unseenCorpus)}

### False masks in text that was read while the detectors were mended

${toFalseTable(knownCorpus)}

### Speed

${(numMegabytes / (unseenCorpus.cpuSeconds + knownCorpus.cpuSeconds)).toFixed(1)} MB for a second of one core, over both parts. Hostile texts of 1 MB, slowest five of ${hostile.length}:

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
