import { constants } from "node:fs";
import { copyFile, stat } from "node:fs/promises";
import path from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import { readGgufHeader, summariseGguf, type GgufSummary } from "@homegrown/models";
import type { Registry, VersionDetails } from "@homegrown/registry";
import { startModelHost } from "@homegrown/serving";
import { digestsEqual, sha256File } from "@homegrown/storage";

export interface ImportOptions {
  registry: Registry;
  file: string;
  name: string;
  /** SPDX expression, as the model's makers state it. */
  license: string;
  /** Where it came from: an address or a package; default: the file's name. */
  source?: string;
  /** What the file must hash to, when its makers publish that. */
  expectedSha256?: string;
}

export interface ImportedModel {
  version: VersionDetails;
  summary: GgufSummary;
  sha256: string;
}

const WEIGHTS_FILE = "model.gguf";
const TRIAL_CONTEXT = 64;

/** Brings open weights in as a signed version. The file passes our own bounded reader before anything else reads it. */
export async function importModel(options: ImportOptions): Promise<ImportedModel> {
  const { registry, file, name, license, expectedSha256 } = options;
  // Refused here, before gigabytes are copied; what is recorded below is of the copy alone.
  await readGgufHeader(file);
  let summary: GgufSummary | undefined;
  let size = 0;
  let sha256 = "";
  const version = await registry.register({
    name,
    fill: async (folder) => {
      const copy = path.join(folder, WEIGHTS_FILE);
      await copyFile(file, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      // Hash, header and size are of the copy: the original may change at any time.
      sha256 = await sha256File(copy);
      summary = summariseGguf(await readGgufHeader(copy));
      ({ size } = await stat(copy));
      if (expectedSha256 !== undefined && !digestsEqual(sha256, expectedSha256.toLowerCase()))
        throw wrongHash(file, sha256, expectedSha256);
      // A version that no host can load would fail its first request; it fails here instead.
      await (
        await startModelHost({
          ggufFile: copy,
          modelId: name,
          contextLength: TRIAL_CONTEXT,
          parallelSequences: 1,
        })
      ).close();
    },
    lineage: () => ({
      origin: {
        kind: "imported",
        source: options.source ?? path.basename(file),
        license,
        sha256,
        bytes: size,
      },
      parent: null,
      licenses: [{ license, bytes: size }],
      weights: [{ file: WEIGHTS_FILE, type: summary!.weightType }],
    }),
  });
  return { version, summary: summary!, sha256 };
}

function wrongHash(file: string, found: string, expected: string): HomegrownError {
  return new HomegrownError({
    code: "lifecycle/wrong-hash",
    kind: "corrupt",
    message: `${file} has sha256 ${found}, expected ${expected}`,
    hint: "Download the file again, or check the hash with its makers.",
  });
}
