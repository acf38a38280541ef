import { isEmptyList } from "../../field-table.ts";
import type { FieldTable } from "../../field-table.ts";

/** Every field of a transcription's form, and what becomes of it where the transcription port is asked. */
export const TRANSCRIPTION_FIELDS: FieldTable = {
  model: { fate: "used", note: "the route" },
  language: { fate: "expressed", note: "to transcribers that take one" },
  prompt: { fate: "expressed", note: "to transcribers that take one" },
  temperature: { fate: "expressed", note: "to transcribers that take one" },
  response_format: { fate: "used", note: "json, text, srt, vtt or verbose_json, written here" },
  timestamp_granularities: { fate: "expressed", note: "words, segments or both" },
  stream: { fate: "used", note: "events of the text, for json and text" },
  chunking_strategy: { fate: "dropped", note: "how the audio is cut changes the work, not the question" },
  languages: { fate: "expressed", note: "a hint to OpenAI" },
  keywords: { fate: "expressed", note: "a hint to OpenAI" },
  include: {
    fate: "refused",
    note: "transcribers behind a port report no log-probabilities",
    harmless: isEmptyList,
  },
  known_speaker_names: { fate: "refused", note: "no speakers are told apart", harmless: isEmptyList },
  known_speaker_references: { fate: "refused", note: "no speakers are told apart", harmless: isEmptyList },
};
