import { HomegrownError } from "@homegrown/contracts";

/** A port broke its promise: an answer that ends without an end, or in an error without a reason. */
export function modelFailed(message: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/model-failed",
    kind: "unavailable",
    message,
    hint: "Send the request again; if it happens again, look into the model host's log.",
    retryable: true,
  });
}
