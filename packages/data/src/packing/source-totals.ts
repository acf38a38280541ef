// Whose text a dataset holds, added up for its manifest.
import { minRights } from "@homegrown/contracts";
import type { DatasetSource, Rights } from "@homegrown/contracts";
import type { Origin } from "../sources/corpus-source.ts";

export class SourceTotals {
  readonly #byName = new Map<string, DatasetSource>();

  /** The key of `origin` in the manifest: its name, with the version where it has one. */
  static label({ name, version }: { name: string; version?: string | undefined }): string {
    return version === undefined ? name : `${name}@${version}`;
  }

  add(origin: Origin, bytes: number): void {
    const label = SourceTotals.label(origin);
    const known = this.#byName.get(label);
    if (known === undefined) this.#byName.set(label, { ...origin, files: 1, bytes });
    else {
      known.files++;
      known.bytes += bytes;
    }
  }

  toSources(): DatasetSource[] {
    return [...this.#byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, source]) => source);
  }

  /** The least that any source allows binds the whole. */
  rights(): Rights {
    return this.toSources().reduce<Rights>((least, { rights }) => minRights(least, rights), "train");
  }
}
