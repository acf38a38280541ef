export { openHeldOut } from "./held-out/documents.ts";
export type { HeldOutDocument, HeldOutText } from "./held-out/documents.ts";
export { cutWindows } from "./held-out/windows.ts";
export type { ScoringWindow } from "./held-out/windows.ts";
export { measureHeldOut, toBitsPerByte } from "./held-out/bits-per-byte.ts";
export type {
  DocumentScore,
  EvaluationScorer,
  EvaluationTokenizer,
  HeldOutOptions,
  HeldOutScore,
} from "./held-out/bits-per-byte.ts";
export { trainByteModel } from "./baselines/byte-model.ts";
export type { ByteModel, ByteModelOptions } from "./baselines/byte-model.ts";
export { measureBaselines } from "./baselines/measure-baselines.ts";
export type { Baseline, BaselineOptions } from "./baselines/measure-baselines.ts";
export { readTrainingTexts } from "./baselines/training-texts.ts";
export { checkTypeScript, closeTypeScript } from "./checks/typescript.ts";
export { shareOfPassing } from "./checks/share.ts";
export type { Completion, ShareCheck } from "./checks/share.ts";
export { checkParity } from "./parity/check-parity.ts";
export type { ParityInput } from "./parity/check-parity.ts";
export { PARITY_BOUNDS, parityBound } from "./parity/bounds.ts";
export type { ParityBound } from "./parity/bounds.ts";
export { toTrainerSide } from "./parity/trainer-side.ts";
export type { TrainerSide } from "./parity/trainer-side.ts";
export { TYPESCRIPT_PROMPTS } from "./checks/prompts.ts";
export { toGenerate } from "./checks/generate.ts";
export type { Generate, GenerationRequest } from "./checks/generate.ts";
export { evaluateVersion } from "./report/evaluate-version.ts";
export type { CompletionCheck, EvaluationInput } from "./report/evaluate-version.ts";
export { renderReportMarkdown } from "./report/markdown.ts";
export { renderReportHtml } from "./report/html.ts";
export type { ReportContext } from "./report/context.ts";
