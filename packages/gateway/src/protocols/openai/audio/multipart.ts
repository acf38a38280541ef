// multipart/form-data (RFC 7578) that came whole: parsed within bounds, and written again for a provider, with
// single fields changed.
import { randomBytes } from "node:crypto";
import type { Busboy } from "busboy";
import type { RequestBytes } from "../../../core/model-request.ts";
import { invalidRequest } from "../invalid-request.ts";

/** What the fronts of audio read. */
export const MULTIPART = /^\s*multipart\/form-data\s*;/i;

const MAX_NAME_LENGTH = 100;

export type FormEntry =
  | { name: string; value: string }
  | { name: string; filename: string; mediaType: string; data: Buffer };
export type FormFile = Extract<FormEntry, { data: Buffer }>;

const LIMITS = {
  // Samples of known speakers come as data: URLs of up to 10 seconds each.
  fieldSize: 2 * 1024 * 1024,
  fields: 64,
  files: 1,
  headerPairs: 32,
};

/** The entries in their order. Throws `gateway/invalid-request`; its words never quote the body. */
export async function parseMultipart(raw: Buffer, contentType: string): Promise<FormEntry[]> {
  // Loaded with the first form: most gateways never see one.
  const { default: busboy } = await import("busboy");
  return new Promise((resolve, reject) => {
    const entries: FormEntry[] = [];
    const fail = (what: string): void => reject(malformed(what));
    let parser: Busboy;
    try {
      parser = busboy({ headers: { "content-type": contentType }, limits: LIMITS, defParamCharset: "utf8" });
    } catch {
      fail("its Content-Type names no boundary");
      return;
    }
    parser.on("field", (name, value, { valueTruncated }) => {
      if (name.length > MAX_NAME_LENGTH) fail(`a field's name is longer than ${MAX_NAME_LENGTH} characters`);
      else if (valueTruncated) fail(`a field is longer than ${LIMITS.fieldSize} bytes`);
      else entries.push({ name, value });
    });
    parser.on("file", (name, stream, { filename, mimeType }) => {
      const chunks: Buffer[] = [];
      // A broken end shows on the parser too.
      stream.on("error", () => {});
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () =>
        entries.push({ name, filename: filename ?? "", mediaType: mimeType, data: Buffer.concat(chunks) }),
      );
    });
    parser.on("fieldsLimit", () => fail(`it has more than ${LIMITS.fields} fields`));
    parser.on("filesLimit", () => fail("it has more than one file"));
    parser.on("error", () => fail("it does not follow its boundary, or ends too early"));
    parser.on("close", () => resolve(entries));
    parser.end(raw);
  });
}

function malformed(what: string): Error {
  return invalidRequest(
    "",
    "value",
    `The body is no multipart/form-data that this server can read: ${what}.`,
    "Send the form as OpenAI's clients do: one file and a few fields.",
  );
}

/** A form with a boundary of its own, whose fields can be changed before it is written. */
export class MultipartBytes implements RequestBytes {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>> = {};
  readonly #entries: readonly FormEntry[];
  readonly #boundary = `homegrown-${randomBytes(18).toString("hex")}`;

  constructor(entries: readonly FormEntry[]) {
    this.#entries = entries;
    this.contentType = `multipart/form-data; boundary=${this.#boundary}`;
  }

  get raw(): Buffer {
    return this.edit({});
  }

  edit(changes: Readonly<Record<string, unknown>>): Buffer {
    const kept = this.#entries.filter(({ name }) => !Object.hasOwn(changes, name));
    const added = Object.entries(changes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ({ name, value: typeof value === "string" ? value : JSON.stringify(value) }));
    const parts: (Buffer | string)[] = [];
    for (const entry of [...added, ...kept]) {
      parts.push(`--${this.#boundary}\r\ncontent-disposition: form-data; name="${escapeName(entry.name)}"`);
      if ("data" in entry) {
        const type = /^[\w.+-]+\/[\w.+-]+$/.test(entry.mediaType)
          ? entry.mediaType
          : "application/octet-stream";
        parts.push(`; filename="${escapeName(entry.filename)}"\r\ncontent-type: ${type}\r\n\r\n`, entry.data);
      } else {
        parts.push("\r\n\r\n", entry.value);
      }
      parts.push("\r\n");
    }
    parts.push(`--${this.#boundary}--\r\n`);
    return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  }
}

/** https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
function escapeName(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}
