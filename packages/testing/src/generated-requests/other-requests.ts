// Requests whose body is not one JSON object: forms with sound in them, and addresses of stored answers.
import type { GeneratedRequest, Random } from "./generated-request.ts";

const FIELDS = [
  "model",
  "language",
  "prompt",
  "response_format",
  "temperature",
  "stream",
  "x_unknown",
  "__proto__",
];
const VALUES = [
  "",
  "en",
  "json",
  "text",
  "srt",
  "verbose_json",
  "0.3",
  "1e999",
  "true",
  "null",
  "\u0000",
  "ü".repeat(600),
];
const SOUND = Buffer.from(
  "RIFF$\u0000\u0000\u0000WAVEfmt \u0010\u0000\u0000\u0000\u0001\u0000\u0001\u0000",
  "latin1",
);

const line = (text: string): Buffer => Buffer.from(`${text}\r\n`);

/** A transcription's form, in one case of three with something broken in it. */
export function generateForm(path: string, random: Random, models: readonly string[]): GeneratedRequest {
  const boundary = random.pick(["b", "----x", "----x", "a'b", "ü"]);
  const parts: Buffer[] = [];
  const field = (name: string, value: string): void => {
    parts.push(
      line(`--${boundary}`),
      line(`content-disposition: form-data; name="${name}"`),
      line(""),
      line(value),
    );
  };
  if (random.below(10) > 0) field("model", random.pick(models));
  for (let left = random.below(3); left > 0; left--) field(random.pick(FIELDS), random.pick(VALUES));
  for (let left = random.pick([1, 1, 1, 1, 1, 1, 1, 1, 0, 2]); left > 0; left--) {
    const name = random.pick(["file", "file", "file", "files"]);
    const filename = random.pick([
      '; filename="a.wav"',
      '; filename="a.wav"',
      '; filename="../a"',
      "",
      '; filename="',
    ]);
    parts.push(line(`--${boundary}`), line(`content-disposition: form-data; name="${name}"${filename}`));
    parts.push(line(`content-type: ${random.pick(["audio/wav", "text/html", "", "audio"])}`), line(""));
    parts.push(random.pick([SOUND, SOUND, Buffer.alloc(0), Buffer.alloc(70_000, "\r\n--")]), line(""));
  }
  parts.push(line(`--${boundary}--`));
  const whole = Buffer.concat(parts);
  const body = random.below(3) > 0 ? whole : whole.subarray(0, random.below(whole.length));
  const type = random.below(12) > 0 ? "multipart/form-data" : "application/json";
  const announced = random.below(12) === 0 ? "" : `; boundary="${Buffer.from(boundary).toString("latin1")}"`;
  return { method: "POST", path, headers: { "content-type": `${type}${announced}` }, body };
}

const IDS = [
  "resp_1",
  "resp_00000000000000000000000000000000",
  "%00",
  "%ff",
  "..%2f..",
  "a".repeat(3000),
  "%F0%9F%91%A9",
  "",
];
const QUERIES = [
  "",
  "?stream=true",
  "?include[]=x",
  "?limit=-1",
  "?limit=1e9&after=x&order=up",
  "?starting_after=%00",
];

/** What was stored, or never was. */
export function generateStored(random: Random): GeneratedRequest {
  const suffix = random.pick(["", "", "/input_items", "/cancel", "/"]);
  return {
    method: random.pick(["GET", "GET", "DELETE", "POST"]),
    path: `/v1/responses/${random.pick(IDS)}${suffix}${random.pick(QUERIES)}`,
    headers: {},
    body: Buffer.alloc(0),
  };
}
