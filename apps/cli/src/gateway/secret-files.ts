// Secrets as files, the way Docker, Kubernetes and systemd hand them over: each file of the folder becomes an
// environment variable of its name, so that a configuration can name it. What is set already stays.
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { HomegrownError } from "@homegrown/contracts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MAX_FILES = 1000;
/** More than any key; a file of credentials has some kilobytes. */
const MAX_BYTES = 64 * 1024;

/** Does nothing where `HOMEGROWN_SECRETS` names no folder that exists. Throws `cli/secret-unreadable`. */
export function readSecretFiles(environment: NodeJS.ProcessEnv = process.env): void {
  const folder = environment["HOMEGROWN_SECRETS"];
  if (folder === undefined || folder === "") return;
  for (const name of listNames(folder)) {
    if (environment[name] === undefined) environment[name] = readSecret(path.join(folder, name));
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .slice(0, MAX_FILES);
  } catch (error) {
    // The image names a folder that is there only when secrets were given.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable(folder, error);
  }
}

function readSecret(file: string): string {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}`);
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
  // Editors end a file with a line's end, which no key has.
  return text.replace(/\r?\n$/, "");
}

function unreadable(file: string, cause: unknown): HomegrownError {
  const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  return new HomegrownError({
    code: "cli/secret-unreadable",
    kind: "invalid-input",
    message: `${file}, in the folder that HOMEGROWN_SECRETS names, cannot be read: ${why}`,
    hint: "Let the user that runs Homegrown read the file, or take it out of the folder.",
    cause,
  });
}
