// One walk over a conversation's items for what admission, routing and passing through need to know of it.
import type { MediaParts } from "../../../core/bounds.ts";
import type { Modality } from "../../../core/target.ts";
import type { Item } from "./messages.ts";
import { isEnvelope } from "./reasoning-envelope.ts";

export interface ItemSurvey extends MediaParts {
  modalities: ReadonlySet<Modality>;
  /** Some reasoning was sealed by this gateway: another server could not read it. */
  hasEnvelopes: boolean;
}

const MODALITY_OF_PART: Readonly<Record<string, Modality>> = {
  input_image: "image",
  input_file: "file",
  input_audio: "audio",
};

export function surveyItems(items: readonly Item[]): ItemSurvey {
  const modalities = new Set<Modality>(["text"]);
  const survey = { modalities, numImages: 0, imageBytes: 0, hasEnvelopes: false };
  for (const item of items) {
    if (item["type"] === "reasoning") survey.hasEnvelopes ||= isEnvelope(item["encrypted_content"]);
    const parts = item["content"] ?? item["output"];
    if (!Array.isArray(parts)) continue;
    for (const part of parts as (Item | null)[]) {
      const modality = MODALITY_OF_PART[String(part?.["type"])];
      if (modality === undefined) continue;
      modalities.add(modality);
      if (modality !== "image") continue;
      survey.numImages++;
      const url = part?.["image_url"];
      if (typeof url === "string") survey.imageBytes += Buffer.byteLength(url);
    }
  }
  return survey;
}
