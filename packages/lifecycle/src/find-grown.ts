import type { ReportCard } from "@homegrown/contracts";
import type { Registry, VersionDetails } from "@homegrown/registry";

export interface GrownBefore {
  version: VersionDetails;
  report: ReportCard;
  /** Reference of the version that answers under the model's name; absent when none does. */
  champion?: string;
}

/**
 * The newest version of `name` that ended with the run `lastRun`, or undefined. One that no alias has ever
 * pointed to was left by a process that died between signing and promoting: it is promoted now. One that was
 * promoted before stays where it is: whoever made another version the champion meant it.
 */
export async function findGrown(
  registry: Registry,
  name: string,
  lastRun: string,
): Promise<GrownBefore | undefined> {
  const model = (await registry.list()).find((candidate) => candidate.name === name);
  for (const { reference } of model?.versions.toReversed() ?? []) {
    const { lineage, reportCard: report, version } = await registry.show(reference);
    const { origin } = lineage;
    if (origin.kind !== "trained" || origin.runs.at(-1)?.id !== lastRun || !report) continue;
    const wasPromoted = (await registry.history(name)).some(({ to }) => to === version);
    if (!wasPromoted) {
      await registry.promote({ name, version, reason: "grown before; promoted on the next start" });
    }
    const champion = await championOf(registry, name);
    return { version: await registry.show(reference), report, ...(champion !== undefined && { champion }) };
  }
  return undefined;
}

async function championOf(registry: Registry, name: string): Promise<string | undefined> {
  const model = (await registry.list()).find((candidate) => candidate.name === name);
  return model?.versions.find(({ aliases }) => aliases.includes("champion"))?.reference;
}
