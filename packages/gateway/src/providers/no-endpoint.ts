import { HomegrownError } from "@homegrown/contracts";

/** For kinds without dialects: nobody asks them for an endpoint. */
export function noEndpoint(): never {
  throw new HomegrownError({
    code: "gateway/no-passthrough",
    kind: "internal",
    message: "An endpoint was asked for of a provider that speaks no client's protocol.",
    hint: "Report this as a bug.",
  });
}
