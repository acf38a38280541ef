// From a finished run to a version: export, measure and sign happen in the registry's staging folder, so a
// version appears whole, with its report card, or not at all.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Lineage, ReportCard, RunManifest } from "@homegrown/contracts";
import type { Dataset } from "@homegrown/data";
import { renderReportHtml, renderReportMarkdown } from "@homegrown/evaluation";
import { REPORT_FILE, type Registry, type VersionDetails } from "@homegrown/registry";
import type { WeightType } from "@homegrown/models";
import { manifestSha256 } from "@homegrown/training";
import { exportModel } from "./export-model.ts";
import { measureVersion, type MeasureOptions } from "./measure.ts";

export interface ReleaseOptions extends Omit<MeasureOptions, "version" | "folder" | "weights" | "config"> {
  registry: Registry;
  name: string;
  /** Oldest first; the last one's parameters are released. */
  runs: readonly RunManifest[];
  parent?: string;
  weightTypes?: readonly WeightType[];
}

export interface Release {
  version: VersionDetails;
  report: ReportCard;
}

/** The report pages of a version folder. */
export const REPORT_PAGES = { markdown: "report.md", html: "report.html" } as const;

/** Makes the next version of `name`. No alias moves. */
export async function releaseVersion(options: ReleaseOptions): Promise<Release> {
  const { registry, name, runs, parameters, text, pairs } = options;
  const last = runs.at(-1)!;
  const licenses = licensesOf(text);
  let weights: Lineage["weights"] = [];
  let report: ReportCard | undefined;
  const lineage: Parameters<Registry["register"]>[0]["lineage"] = () => ({
    origin: {
      kind: "trained",
      runs: runs.map((run) => ({ id: run.id, kind: run.kind, manifestSha256: manifestSha256(run) })),
      datasets: [text, pairs].map(({ manifest, manifestSha256 }) => ({
        name: manifest.name,
        manifestSha256,
        bytes: manifest.splits.train.bytes,
        rights: manifest.rights,
      })),
      code: last.code,
    },
    parent: options.parent ?? null,
    licenses,
    weights,
  });
  const version = await registry.register({
    name,
    lineage,
    fill: async (folder) => {
      weights = await exportModel({
        folder,
        name,
        license: licenses.map(({ license }) => license).join(" AND "),
        config: last.model,
        parameters,
        tokenizerJson: text.tokenizerJson,
        weightTypes: options.weightTypes ?? ["F32", "Q8_0"],
      });
      report = await measureVersion({
        ...options,
        version: `${name} (run ${last.id})`,
        folder,
        weights,
        config: last.model,
      });
      await writeReport(folder, report, text);
    },
  });
  return { version, report: report! };
}

async function writeReport(folder: string, report: ReportCard, text: Dataset): Promise<void> {
  const context = { sources: text.manifest.sources };
  await writeFile(path.join(folder, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(path.join(folder, REPORT_PAGES.markdown), renderReportMarkdown(report, context));
  await writeFile(path.join(folder, REPORT_PAGES.html), renderReportHtml(report, context));
}

function licensesOf(text: Dataset): { license: string; bytes: number }[] {
  const bytes = new Map<string, number>();
  for (const source of text.manifest.sources) {
    bytes.set(source.license, (bytes.get(source.license) ?? 0) + source.bytes);
  }
  return [...bytes].map(([license, count]) => ({ license, bytes: count })).sort((a, b) => b.bytes - a.bytes);
}
