import { HomegrownError } from "@homegrown/contracts";

/** The store is slower than what arrives, or cannot be written; nothing is admitted that could not be recorded. */
export function storeBehindError(message: string, cause?: unknown): HomegrownError {
  return new HomegrownError({
    code: "gateway/store-behind",
    kind: "overloaded",
    message,
    hint: "Send the request again in a moment; whoever runs this gateway should look at its database.",
    retryable: true,
    details: { retryAfterSeconds: 2 },
    cause,
  });
}

const REFUSALS: ReadonlySet<string> = new Set(["storage/constraint", "storage/number-too-large"]);

/** True when the store refuses what it was given, false when it may take the same at another time. */
export function isRefusedForItself(error: HomegrownError): boolean {
  return REFUSALS.has(error.code) || error.kind === "invalid-input";
}

export function toStoreError(error: unknown): HomegrownError {
  if (error instanceof HomegrownError) return error;
  return new HomegrownError({
    code: "gateway/store-failed",
    kind: "internal",
    message: error instanceof Error ? error.message : String(error),
    hint: "This is a fault of the program: report it with what the message says.",
    cause: error,
  });
}
