import type { ExportedModel, WeightType } from "../weights/model-weights.ts";
export interface GgufModel extends ExportedModel {
  weightType: WeightType;
  /** `general.name`. */
  name: string;
  /** SPDX expression, `general.license`. */
  license?: string;
}
export async function writeGguf(_file: string, _model: GgufModel): Promise<void> {
  throw new Error("being written");
}
