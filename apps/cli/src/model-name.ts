import { InvalidArgumentError } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { parseReference } from "@homegrown/registry";

/** The registry's own rule, asked when the option is read: minutes of training must not end in a refusal. */
export function parseModelName(text: string): string {
  try {
    if (parseReference(text).name === text) return text;
  } catch (error) {
    if (!(error instanceof HomegrownError)) throw error;
    throw new InvalidArgumentError(`${error.message}. ${error.hint}`);
  }
  throw new InvalidArgumentError("expected the name alone, without a version or an alias");
}
