import { HomegrownError } from "@homegrown/contracts";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const NOT_WRITABLE = new Set(["EACCES", "EPERM", "EROFS"]);

/**
 * A file-system error as one that a user can act on: `storage/disk-full` (ENOSPC, EDQUOT, EFBIG) or
 * `storage/not-writable` (EACCES, EPERM, EROFS). Anything else is returned as it came.
 */
export function toDiskError(error: unknown, path: string): unknown {
  if (error instanceof HomegrownError) return error;
  const code = errorCode(error);
  if (code !== undefined && FULL.has(code)) {
    return new HomegrownError({
      code: "storage/disk-full",
      kind: "unavailable",
      message: `cannot write ${path}: the disk, quota or file-size limit is reached (${code})`,
      hint: "Free space on that disk or move HOMEGROWN_HOME to a larger one, then run again: nothing was half-written.",
      details: { path, code },
      retryable: true,
      cause: error,
    });
  }
  if (code !== undefined && NOT_WRITABLE.has(code)) {
    return new HomegrownError({
      code: "storage/not-writable",
      kind: "unavailable",
      message: `cannot use ${path}: the file system refuses it (${code})`,
      hint: "Give this user the right to read and write there, or set HOMEGROWN_HOME to a folder of their own.",
      details: { path, code },
      cause: error,
    });
  }
  return error;
}

/** Runs `action`, turning what the disk refuses into a `HomegrownError` that names `path`. */
export async function withDiskErrors<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toDiskError(error, path);
  }
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
