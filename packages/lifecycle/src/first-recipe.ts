import type { GrowRecipe } from "./grow.ts";

/** The recipe of `homegrown up`: chosen by a sweep at three minutes on two cores (docs/log.md). */
export const FIRST_RECIPE: GrowRecipe = {
  size: "tiny",
  vocabSize: 4096,
  sequenceLength: 256,
  sequencesPerStep: 16,
  optimizer: "muon",
  pretrainShare: 0.8,
};
