export { durableStep } from "./durable-steps.ts";
export type { DurableStepMessage, DurableStepName } from "./durable-steps.ts";
export { toDiskError, withDiskErrors } from "./disk-errors.ts";
export {
  ensureFolder,
  publishFolder,
  stageFolder,
  syncFile,
  syncFolder,
  writeFileAtomic,
} from "./atomic-files.ts";
export type { StagedFolder, WriteFileAtomicOptions } from "./atomic-files.ts";
export { isTemporaryName, sweepTemporaries } from "./temporaries.ts";
export { currentProcess, processState } from "./process-identity.ts";
export type { ProcessIdentity } from "./process-identity.ts";
export { acquireLock } from "./locks.ts";
export type { Lock, LockOptions } from "./locks.ts";
export { digestsEqual, sha256, sha256File } from "./hashes.ts";
export { openBlobStore } from "./blobs.ts";
export type { Blob, BlobStore } from "./blobs.ts";
export { homePaths } from "./home.ts";
export type { HomePaths } from "./home.ts";
export { openDatabase } from "./database/database.ts";
export type { Database, OpenDatabaseOptions } from "./database/database.ts";
export { openPostgres } from "./database/postgres/open-postgres.ts";
export type { OpenPostgresOptions } from "./database/postgres/open-postgres.ts";
export type { BatchResult, BatchStatement, SqlValue } from "./database/batches.ts";
export type { Migration, MigrationSet } from "./database/migrations.ts";
export type { Engine, SchemaWords } from "./database/schema-words.ts";
// The query builder's own words, so that a package with tables needs to depend on storage alone.
export { sql } from "kysely";
export type { Generated, Kysely, RawBuilder, Selectable, Transaction } from "kysely";
