// Files → documents worth learning from: read, normalise, drop exact twins, judge quality, check rights.
// One document is in memory at a time; of those gone by, only a content hash is remembered.
import { permits } from "@homegrown/contracts";
import type { BuildDatasetOptions, ReadLimits } from "./build-options.ts";
import { DEFAULT_READ_LIMITS } from "./build-options.ts";
import { contentHash } from "./content-hash.ts";
import { normalizeText } from "./normalize-text.ts";
import { judgeQuality } from "./quality/quality-rules.ts";
import type { RawDocument } from "./reading/raw-document.ts";
import { readDocuments } from "./reading/read-documents.ts";
import type { FoundFile } from "./sources/corpus-source.ts";
import { StepCounter } from "./step-counter.ts";

export interface PreparationSteps {
  read: StepCounter;
  normalize: StepCounter;
  twins: StepCounter;
  quality: StepCounter;
  rights: StepCounter;
}

export function preparationSteps(): PreparationSteps {
  return {
    read: new StepCounter("read"),
    normalize: new StepCounter("normalize"),
    twins: new StepCounter("exact-twins"),
    quality: new StepCounter("quality"),
    rights: new StepCounter("rights"),
  };
}

export async function* prepareDocuments(
  files: readonly FoundFile[],
  options: BuildDatasetOptions,
  steps: PreparationSteps,
): AsyncGenerator<RawDocument> {
  const limits: ReadLimits = { ...DEFAULT_READ_LIMITS, ...options.limits };
  const seen = new Set<string>();
  for (const [i, file] of files.entries()) {
    options.signal?.throwIfAborted();
    if (i % 64 === 0) {
      options.onProgress?.({ event: "data-read", done: i, total: files.length, unit: "files" });
    }
    for await (const raw of readDocuments(file, limits, steps.read)) {
      const document = normalize(raw, steps.normalize);
      if (document === undefined || isTwin(document, seen, steps.twins)) continue;
      const broken = judgeQuality(document, options.quality);
      if (!pass(steps.quality, document, broken)) continue;
      const { rights, license } = document.origin;
      if (
        pass(
          steps.rights,
          document,
          permits(rights, "train") ? undefined : `licence ${license}: no right to train`,
        )
      ) {
        yield document;
      }
    }
  }
  options.onProgress?.({ event: "data-read", done: files.length, total: files.length, unit: "files" });
}

function normalize(raw: RawDocument, step: StepCounter): RawDocument | undefined {
  const text = normalizeText(raw.text, raw.kind);
  step.enter(raw.bytes);
  if (text === "") {
    step.drop("empty", raw.bytes);
    return undefined;
  }
  const bytes = Buffer.byteLength(text);
  step.keep(bytes);
  return { ...raw, text, bytes };
}

function isTwin(document: RawDocument, seen: Set<string>, step: StepCounter): boolean {
  const hash = contentHash(document.text);
  const twin = seen.has(hash);
  seen.add(hash);
  return !pass(step, document, twin ? "same text as an earlier document" : undefined);
}

function pass(step: StepCounter, document: RawDocument, reason: string | undefined): boolean {
  step.enter(document.bytes);
  if (reason === undefined) step.keep(document.bytes);
  else step.drop(reason, document.bytes);
  return reason === undefined;
}
