// Every way in which a host, not a request, is at fault.
import { HomegrownError } from "@homegrown/contracts";

export function hostCrashed(modelId: string, reason: string): HomegrownError {
  return new HomegrownError({
    code: "serving/host-crashed",
    kind: "unavailable",
    message: `the process that serves ${modelId} ended (${reason}) while the request ran`,
    hint: "Try again: the process is being restarted.",
    details: { modelId, reason },
    retryable: true,
  });
}

export function hostFailed(modelId: string, reason: string, attempts: number): HomegrownError {
  return new HomegrownError({
    code: "serving/host-failed",
    kind: "unavailable",
    message: `the process that serves ${modelId} ended ${attempts} times in a row and stays down; last: ${reason}`,
    hint: "Look at the reason and verify the model's files (`homegrown models verify`); a server starts it afresh with the next request.",
    details: { modelId, reason, attempts },
  });
}

export function hostClosed(modelId: string): HomegrownError {
  return new HomegrownError({
    code: "serving/host-closed",
    kind: "unavailable",
    message: `${modelId} is no longer served here`,
    hint: "Try again: the request goes to the model's current version, if it has one.",
    details: { modelId },
    retryable: true,
  });
}

export function requestTimedOut(modelId: string, limitMs: number): HomegrownError {
  return new HomegrownError({
    code: "serving/request-timeout",
    kind: "unavailable",
    message: `${modelId} did not finish the request within ${limitMs} ms`,
    hint: "Ask for fewer tokens, or raise requestTimeoutMs.",
    details: { modelId, limitMs },
    retryable: true,
  });
}

export function requestCancelled(cause: unknown): HomegrownError {
  return new HomegrownError({
    code: "serving/cancelled",
    kind: "cancelled",
    message: "the request was cancelled before it was complete",
    hint: "Nothing to do: whoever asked has left.",
    cause,
  });
}

export function startFailed(modelId: string, reason: string): HomegrownError {
  return new HomegrownError({
    code: "serving/start-failed",
    kind: "unavailable",
    message: `the process that serves ${modelId} did not start: ${reason}`,
    hint: "Run `homegrown doctor`, which tests the engine, and verify the model's files.",
    details: { modelId, reason },
  });
}
