export { openRegistry } from "./registry.ts";
export type {
  AliasResult,
  ModelSummary,
  OpenRegistryOptions,
  PromoteOptions,
  Registry,
  ResolvedVersion,
  RollbackOptions,
  VersionDetails,
  VersionSummary,
} from "./registry.ts";
export type { LineageInput, NewVersion, Recovery } from "./version-folders.ts";
export { LINEAGE_FILE } from "./version-folders.ts";
export type { AliasHistoryEntry } from "./catalogue.ts";
export { ALIASES, parseReference } from "./references.ts";
export type { Alias, Reference } from "./references.ts";
export { REPORT_FILE, parityGate, readReportCard } from "./promotion-gates.ts";
export type { GateVerdict, PromotionGate } from "./promotion-gates.ts";
export { signFolder, verifyFolder } from "./signatures/folder-signature.ts";
export type { VerifiedFolder, VerifyFolderOptions } from "./signatures/folder-signature.ts";
export type { SignedFile } from "./signatures/statement.ts";
export { openKeys } from "./signatures/keys.ts";
export type { SigningKeys } from "./signatures/keys.ts";
