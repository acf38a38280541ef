import { HomegrownError } from "@homegrown/contracts";

/**
 * The error for a file that does not say what it must: names the file and the field.
 * Files of models come from anywhere, so every reader here throws this and nothing else.
 */
export function malformed(file: string, field: string, problem: string, hint?: string): HomegrownError {
  return new HomegrownError({
    code: "models/malformed-file",
    kind: "corrupt",
    message: `${file}: ${field}: ${problem}`,
    hint:
      hint ??
      "Get the file again from its source and compare its hash; it is damaged, or made by other rules.",
    details: { file, field },
  });
}

/** The error for a well-formed file that describes a model which Homegrown does not run. */
export function unsupported(file: string, field: string, problem: string): HomegrownError {
  return new HomegrownError({
    code: "models/unsupported-model",
    kind: "invalid-input",
    message: `${file}: ${field}: ${problem}`,
    hint: "Use a dense Qwen3 or Llama model with plain rotary embeddings.",
    details: { file, field },
  });
}

/** Shows untrusted text in a message: short, on one line, without control characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
