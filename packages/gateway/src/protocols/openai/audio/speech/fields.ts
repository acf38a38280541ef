import { isOneOf } from "../../field-table.ts";
import type { FieldTable } from "../../field-table.ts";

/** Every parameter of speech, and what becomes of it where the speech port is asked. */
export const SPEECH_FIELDS: FieldTable = {
  model: { fate: "used", note: "the route" },
  input: { fate: "expressed", note: "the text" },
  voice: { fate: "expressed", note: "a name, or the id of a custom voice" },
  instructions: { fate: "expressed", note: "how to speak" },
  response_format: { fate: "expressed", note: "mp3 where absent" },
  speed: { fate: "expressed", note: "speed" },
  stream_format: {
    fate: "used",
    note: "the audio's bytes, or sse: one event with them",
    harmless: isOneOf("audio"),
  },
};
