import type { RequestBytes } from "../../../core/model-request.ts";
import { invalidRequest } from "../invalid-request.ts";
import { MultipartBytes } from "./multipart.ts";
import type { FormEntry, FormFile } from "./multipart.ts";

export interface FormBody {
  /** The fields as JSON would say them, before they are checked. */
  fields: Record<string, unknown>;
  file: FormFile;
  bytes: RequestBytes;
  /** What the fields hold, in bytes: what a prompt's tokens are bounded by. */
  fieldBytes: number;
}

const LISTS: ReadonlySet<string> = new Set([
  "timestamp_granularities",
  "include",
  "languages",
  "keywords",
  "known_speaker_names",
  "known_speaker_references",
]);
const NUMBERS: ReadonlySet<string> = new Set(["temperature"]);
const BOOLEANS: ReadonlySet<string> = new Set(["stream"]);

/** A form's fields with their types, and its one file. Throws `gateway/invalid-request`. */
export function toFormBody(entries: readonly FormEntry[]): FormBody {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let file: FormFile | undefined;
  let fieldBytes = 0;
  for (const entry of entries) {
    if ("data" in entry) {
      if (entry.name !== "file") throw wrongFile(entry.name === "" ? "file" : entry.name);
      file = entry;
      continue;
    }
    fieldBytes += Buffer.byteLength(entry.value);
    const name = entry.name.endsWith("[]") ? entry.name.slice(0, -2) : entry.name;
    if (LISTS.has(name)) {
      ((fields[name] ??= []) as string[]).push(entry.value);
    } else if (name in fields) {
      // This server would read one and a provider perhaps the other.
      throw invalidRequest(name, "value", `The field '${name}' is given twice.`, `Give '${name}' once.`);
    } else {
      fields[name] = toTyped(name, entry.value);
    }
  }
  if (!file) throw wrongFile("file");
  return { fields: { ...fields }, file, bytes: new MultipartBytes(entries), fieldBytes };
}

/** What is no number stays a string, for the schema to refuse. */
function toTyped(name: string, value: string): unknown {
  if (NUMBERS.has(name)) return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
  if (BOOLEANS.has(name)) {
    const word = value.toLowerCase();
    return word === "true" || word === "1" ? true : word === "false" || word === "0" ? false : value;
  }
  return value;
}

function wrongFile(name: string): Error {
  return invalidRequest(
    name,
    name === "file" ? "missing" : "value",
    name === "file"
      ? "The required parameter 'file' is missing, or has no file name."
      : "A file is sent under another name than 'file'.",
    "Send the audio as a file named 'file', with a file name.",
  );
}
