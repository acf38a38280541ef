// What a version must show before an alias may point to it. Gates look at the verified folder only: a version
// is immutable, so what they decide stays true.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HomegrownError, PARITY_SAMPLE, reportCardSchema } from "@homegrown/contracts";
import type { ParityResult, ReportCard } from "@homegrown/contracts";
import type { ResolvedVersion } from "./registry.ts";

export type GateVerdict =
  /** `note` is kept in the alias history. */
  { allowed: true; note?: string } | { allowed: false; reason: string; hint: string };

export type PromotionGate = (version: ResolvedVersion) => Promise<GateVerdict>;

export const REPORT_FILE = "report.json";

/**
 * Parity of trainer and server must have been checked, on passages and on conversations, and have passed. Only
 * imported weights, which have no trainer here, may lack the check. The history says so, and also when fewer
 * texts were compared than a parity check should.
 */
export const parityGate: PromotionGate = async ({ folder, lineage, reference }) => {
  const parity = (await readReportCard(folder))?.parity ?? [];
  const failed = parity.filter((result) => !result.passed);
  if (failed.length > 0) {
    const types = failed.map(({ weightType, failures }) => `${weightType}: ${failures.join("; ")}`);
    return {
      allowed: false,
      reason: `its report card says that parity failed (${types.join(", ")})`,
      hint: `Read ${join(folder, REPORT_FILE)}; export and evaluate the model again as a new version.`,
    };
  }
  const hollow = parity.find(({ passages, conversations }) => passages === 0 || conversations === 0);
  if (hollow) {
    return {
      allowed: false,
      reason: `its report card says that parity of ${hollow.weightType} compared ${describeSample(hollow)}`,
      hint: "Measure the model on a dataset with more held-out text, and register it as a new version.",
    };
  }
  if (parity.length > 0) {
    const few = parity.filter(
      ({ passages, conversations }) =>
        passages < PARITY_SAMPLE.passages || conversations < PARITY_SAMPLE.conversations,
    );
    if (few.length === 0) return { allowed: true };
    const found = few.map((result) => `${describeSample(result)} (${result.weightType})`).join(", ");
    return {
      allowed: true,
      note: `parity compared ${found}, fewer than ${describeSample(PARITY_SAMPLE)}`,
    };
  }
  if (lineage.origin.kind === "imported") {
    return { allowed: true, note: "imported: there is no trainer to check parity with" };
  }
  return {
    allowed: false,
    reason: "its folder holds no report card with a parity check",
    hint: `Evaluate the model before registering it: a version's folder does not change afterwards (${reference}).`,
  };
};

function describeSample(sample: Pick<ParityResult, "passages" | "conversations">): string {
  return `${sample.passages} passages and ${sample.conversations} conversations`;
}

/** The version's `report.json`; undefined when it has none. Throws `registry/unreadable-report`. */
export async function readReportCard(folder: string): Promise<ReportCard | undefined> {
  const path = join(folder, REPORT_FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return reportCardSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HomegrownError({
      code: "registry/unreadable-report",
      kind: "corrupt",
      message: `${path} is no report card of a version that this program knows`,
      hint: "Evaluate the model again and register it as a new version.",
      details: { path },
      cause,
    });
  }
}
