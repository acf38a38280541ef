import type { ExportedModel } from "../weights/model-weights.ts";
export interface HuggingFaceModel extends ExportedModel {
  /** Stored precision of all tensors; default F32, which round-trips exactly. */
  weightType?: "F32" | "F16" | "BF16";
}
export async function writeHuggingFace(_folder: string, _model: HuggingFaceModel): Promise<void> {
  throw new Error("being written");
}
