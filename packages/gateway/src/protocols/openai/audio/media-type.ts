import type { FormFile } from "./multipart.ts";

const MEDIA_TYPE_OF_EXTENSION: Readonly<Record<string, string>> = {
  flac: "audio/flac",
  m4a: "audio/mp4",
  mp3: "audio/mpeg",
  mp4: "audio/mp4",
  mpeg: "audio/mpeg",
  mpga: "audio/mpeg",
  oga: "audio/ogg",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  wav: "audio/wav",
  webm: "audio/webm",
};

/** How files of each format begin, at the given offset. */
const MAGIC: readonly [offset: number, bytes: string, mediaType: string][] = [
  [0, "RIFF", "audio/wav"],
  [0, "ID3", "audio/mpeg"],
  [0, "fLaC", "audio/flac"],
  [0, "OggS", "audio/ogg"],
  [4, "ftyp", "audio/mp4"],
  [0, "\x1a\x45\xdf\xa3", "audio/webm"],
];

/** From what the client says, its file's name or its first bytes; undefined where none of them tells. */
export function mediaTypeOf({ mediaType, filename, data }: FormFile): string | undefined {
  if (/^(?:audio|video)\//.test(mediaType)) return mediaType;
  const extension = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  if (Object.hasOwn(MEDIA_TYPE_OF_EXTENSION, extension)) return MEDIA_TYPE_OF_EXTENSION[extension];
  const head = data.toString("latin1", 0, 16);
  const found = MAGIC.find(([offset, bytes]) => head.startsWith(bytes, offset));
  if (found) return found[2];
  // An MPEG frame without tags: eleven set bits.
  return data.length > 1 && data[0] === 0xff && (data[1]! & 0xe0) === 0xe0 ? "audio/mpeg" : undefined;
}
