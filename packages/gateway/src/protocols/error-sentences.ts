import type { HomegrownError } from "@homegrown/contracts";

/** Message and hint as clients show them: sentences, the first of which begins with a capital. */
export function toSentences({ message, hint }: HomegrownError): string {
  // Names of targets and settings begin as they are written.
  const first = /^[a-z]+ /.test(message) ? message[0]!.toUpperCase() + message.slice(1) : message;
  return `${/[.!?…]$/.test(first) ? first : `${first}.`} ${hint}`;
}
