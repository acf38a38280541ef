export { HomegrownError, fromErrorRecord, toErrorRecord } from "./errors.ts";
export type { ErrorKind, ErrorRecord, HomegrownErrorOptions } from "./errors.ts";
export { RIGHTS, minRights, permits, rightsSchema } from "./rights.ts";
export type { Rights } from "./rights.ts";
export { decoderConfigSchema } from "./model-config.ts";
export type { DecoderConfig } from "./model-config.ts";
export { datasetManifestSchema } from "./dataset-manifest.ts";
export type { DatasetManifest, DatasetShard, DatasetSource, DatasetStep } from "./dataset-manifest.ts";
export { runIdSchema, runManifestSchema } from "./run-manifest.ts";
export type { RunManifest } from "./run-manifest.ts";
export { lineageSchema } from "./lineage.ts";
export type { Lineage } from "./lineage.ts";
export { PARITY_SAMPLE, reportCardSchema } from "./report-card.ts";
export type { Interval, ParityResult, ReportCard } from "./report-card.ts";
export type {
  ChatCall,
  ChatMessage,
  ChatMetadataExtension,
  ChatModel,
  ChatOptionsExtension,
  ChatResult,
  ChatStreamPart,
  CompletionModel,
  CompletionPart,
  CompletionRequest,
  EmbeddingModel,
  ListedModel,
  ModelDirectory,
  ModelInspection,
  ModelLease,
  SpeechModel,
  TokenLogProbability,
  TranscriptionModel,
} from "./ports.ts";
export { QWEN2_PATTERN, tokenizerJsonSchema } from "./tokenizer-json.ts";
export type { TokenizerJson } from "./tokenizer-json.ts";
export type { ProgressEvent, ProgressListener } from "./progress.ts";
