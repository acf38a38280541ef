import type { DatasetSource, Lineage } from "@homegrown/contracts";

/** What a page may show beside the card: where the version came from. */
export interface ReportContext {
  lineage?: Lineage;
  /** Sources of the training text, for the table of licences; from the dataset's manifest. */
  sources?: readonly DatasetSource[];
}

export interface LicenseRow {
  license: string;
  bytes: number;
  packages?: number;
  files?: number;
}

/** Licences by bytes, most first: from the sources when known, else from the lineage. */
export function toLicenseRows({ lineage, sources }: ReportContext): LicenseRow[] {
  const rows = sources
    ? [...Map.groupBy(sources, ({ license }) => license)].map(([license, group]) => ({
        license,
        bytes: group.reduce((sum, { bytes }) => sum + bytes, 0),
        packages: group.length,
        files: group.reduce((sum, { files }) => sum + files, 0),
      }))
    : [...(lineage?.licenses ?? [])];
  return rows.sort((a, b) => b.bytes - a.bytes);
}

export interface Fact {
  label: string;
  value: string;
}

/** The lineage in a few lines, oldest first. */
export function toLineageFacts(lineage: Lineage): Fact[] {
  const { origin } = lineage;
  const facts: Fact[] = [{ label: "Name", value: lineage.name }];
  if (lineage.parent !== null) facts.push({ label: "Parent", value: lineage.parent });
  if (origin.kind === "imported") {
    facts.push({ label: "Imported from", value: origin.source });
    facts.push({ label: "Licence", value: origin.license });
    facts.push({ label: "File's sha256", value: origin.sha256 });
    return facts;
  }
  for (const { name, manifestSha256, rights } of origin.datasets) {
    facts.push({ label: "Dataset", value: `${name} (${rights}), manifest ${manifestSha256.slice(0, 12)}` });
  }
  for (const { id, kind, manifestSha256 } of origin.runs) {
    facts.push({ label: "Run", value: `${id} (${kind}), manifest ${manifestSha256.slice(0, 12)}` });
  }
  const { commit, dirty } = origin.code;
  facts.push({ label: "Code", value: dirty ? `${commit} with uncommitted changes` : commit });
  return facts;
}
