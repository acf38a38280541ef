// How people name versions: `name` (its champion), `name@v2`, `name:candidate`.
import { HomegrownError } from "@homegrown/contracts";

/** The only things that move. `previous` is where a rollback goes; it moves only together with `champion`. */
export const ALIASES = ["champion", "candidate", "previous"] as const;
export type Alias = (typeof ALIASES)[number];

export type Reference =
  | { name: string; number: number; alias?: undefined }
  | { name: string; alias: Alias; number?: undefined };

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const VERSION = /^v([1-9][0-9]{0,8})$/;

/** Throws `registry/invalid-reference` or `registry/invalid-name`. */
export function parseReference(text: string): Reference {
  const match = /^([^@:]*)(?:([@:])(.*))?$/s.exec(text);
  const name = checkName(match?.[1] ?? text);
  const rest = match?.[3] ?? "";
  if (match?.[2] === undefined) return { name, alias: "champion" };
  if (match[2] === "@") return { name, number: parseVersion(rest, text) };
  const alias = ALIASES.find((known) => known === rest);
  if (alias === undefined) throw invalidReference(text);
  return { name, alias };
}

export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new HomegrownError({
    code: "registry/invalid-name",
    kind: "invalid-input",
    message: `'${name.slice(0, 80)}' is no model name`,
    hint: "Use 1 to 63 lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit.",
  });
}

/** `v12` → 12. `text` is what the user typed, for the message. */
export function parseVersion(version: string, text: string = version): number {
  const number = VERSION.exec(version)?.[1];
  if (number === undefined) throw invalidReference(text);
  return Number(number);
}

/** The number in a version folder's name; undefined for anything else that lies there. */
export function versionNumber(folderName: string): number | undefined {
  const number = VERSION.exec(folderName)?.[1];
  return number === undefined ? undefined : Number(number);
}

export function toVersion(number: number): string {
  return `v${number}`;
}

export function toReference(name: string, number: number): string {
  return `${name}@v${number}`;
}

function invalidReference(text: string): HomegrownError {
  return new HomegrownError({
    code: "registry/invalid-reference",
    kind: "invalid-input",
    message: `'${text.slice(0, 120)}' names no version`,
    hint: `Write 'name', 'name@v2', or 'name:' followed by one of ${ALIASES.join(", ")}.`,
  });
}
