// One held-out text continued by everybody: what a person watches while the model grows, and what the report
// card keeps of it.
import type { ProgressEvent, ReportCard } from "@homegrown/contracts";
import type { Dataset } from "@homegrown/data";
import type { ByteModel } from "@homegrown/evaluation";
import type { SampleRequest } from "@homegrown/training";
import { pickShowcase, type Showcase } from "./showcase.ts";

const SAMPLE_STEPS = [0, 50, 200];
const SAMPLE_TOKENS = 80;
const BASELINE_SEED = 1;

export interface Gallery {
  readonly showcase: Showcase;
  /** The order-5 byte model's continuation. */
  readonly baseline: string;
  /** What to ask the training run for. */
  readonly request: SampleRequest & { atEnd: true };
  /** A `sample` event's step and text; kept. Undefined for every other event. */
  receive(event: ProgressEvent): { step: number; completion: string } | undefined;
  /** All continuations so far, the baseline's last. */
  samples(): ReportCard["samples"];
}

/** Undefined when the text has no passage that is long enough. */
export async function openGallery(text: Dataset, byteModel: ByteModel): Promise<Gallery | undefined> {
  const showcase = await pickShowcase(text);
  if (!showcase) return undefined;
  const { prefix, truth } = showcase;
  const { endOfTextId } = text.manifest.tokenizer;
  const baseline = byteModel.complete(prefix, truth.length, BASELINE_SEED);
  const kept: ReportCard["samples"] = [];
  return {
    showcase,
    baseline,
    request: {
      atSteps: SAMPLE_STEPS,
      atEnd: true,
      prompts: [{ ids: [endOfTextId, ...text.tokenizer.encode(prefix)], maxTokens: SAMPLE_TOKENS }],
      stopIds: [endOfTextId],
    },
    receive({ event, details }) {
      if (event !== "sample" || !details) return undefined;
      const step = Number(details["step"]);
      const completion = text.tokenizer.decode(details["ids"] as number[]);
      kept.push({ prompt: prefix, completion, truth, source: `step ${step}` });
      return { step, completion };
    },
    samples: () => [...kept, { prompt: prefix, completion: baseline, truth, source: "order-5 bytes" }],
  };
}
