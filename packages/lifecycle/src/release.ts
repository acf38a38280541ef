// From a finished run to a version: export, measure and sign happen in the registry's staging folder, so a
// version appears whole, with its report card, or not at all.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Lineage, ReportCard, RunManifest } from "@homegrown/contracts";
import type { Dataset } from "@homegrown/data";
import { renderReportHtml, renderReportMarkdown, type ReportContext } from "@homegrown/evaluation";
import { REPORT_FILE, type LineageInput, type Registry, type VersionDetails } from "@homegrown/registry";
import type { WeightType } from "@homegrown/models";
import { manifestSha256 } from "@homegrown/training";
import { exportModel } from "./export-model.ts";
import { measureVersion, type MeasureOptions } from "./measure.ts";
import { writeProvenance } from "./provenance.ts";

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
  let input: LineageInput | undefined;
  let report: ReportCard | undefined;
  const version = await registry.register({
    name,
    lineage: () => input!,
    fill: async (folder) => {
      const weights = await exportModel({
        folder,
        name,
        license: joinLicenses(licenses.map(({ license }) => license)),
        config: last.model,
        parameters,
        tokenizerJson: text.tokenizerJson,
        weightTypes: options.weightTypes ?? ["F32", "Q8_0"],
      });
      input = toLineage(options, licenses, weights);
      await writeProvenance(folder, runs, [text, pairs]);
      report = await measureVersion({
        ...options,
        version: `${name} (run ${last.id})`,
        folder,
        weights,
        config: last.model,
      });
      const lineage: Lineage = { schemaVersion: 1, name, createdAt: report.createdAt, ...input };
      await writeReport(folder, report, { lineage, sources: text.manifest.sources });
    },
  });
  return { version, report: report! };
}

function toLineage(
  { runs, text, pairs, parent }: ReleaseOptions,
  licenses: Lineage["licenses"],
  weights: Lineage["weights"],
): LineageInput {
  return {
    origin: {
      kind: "trained",
      runs: runs.map((run) => ({ id: run.id, kind: run.kind, manifestSha256: manifestSha256(run) })),
      datasets: [text, pairs].map(({ manifest, manifestSha256 }) => ({
        name: manifest.name,
        manifestSha256,
        bytes: manifest.splits.train.bytes,
        rights: manifest.rights,
      })),
      code: runs.at(-1)!.code,
    },
    parent: parent ?? null,
    licenses,
    weights,
  };
}

/** The card as JSON, Markdown and a page, in a folder that exists. */
export async function writeReport(folder: string, report: ReportCard, context: ReportContext): Promise<void> {
  await writeFile(path.join(folder, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(path.join(folder, REPORT_PAGES.markdown), renderReportMarkdown(report, context));
  await writeFile(path.join(folder, REPORT_PAGES.html), renderReportHtml(report, context));
}

/** One SPDX expression: every licence binds, so an OR inside one stays in parentheses. */
function joinLicenses(licenses: readonly string[]): string {
  return licenses
    .map((license) => (/ OR /.test(license) && !/^\(.*\)$/.test(license) ? `(${license})` : license))
    .join(" AND ");
}

function licensesOf(text: Dataset): { license: string; bytes: number }[] {
  const bytes = new Map<string, number>();
  for (const source of text.manifest.sources) {
    bytes.set(source.license, (bytes.get(source.license) ?? 0) + source.bytes);
  }
  return [...bytes].map(([license, count]) => ({ license, bytes: count })).sort((a, b) => b.bytes - a.bytes);
}
