// What a provider says of its failure, in whichever shape.

/** The `error` of a body in OpenAI's, Anthropic's or a similar shape; undefined where there is none. */
export function readProviderError(
  body: unknown,
): { message: string; type?: string; code?: string } | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const error = (body as Record<string, unknown>)["error"];
  if (typeof error === "string") return { message: error };
  if (typeof error !== "object" || error === null) return undefined;
  const { message, type, code } = error as Record<string, unknown>;
  return {
    message: typeof message === "string" ? message.slice(0, 2000) : "The provider gave no reason.",
    ...(typeof type === "string" && { type }),
    ...((typeof code === "string" || typeof code === "number") && { code: String(code) }),
  };
}

const CONTEXT_CODES: ReadonlySet<string> = new Set(["context_length_exceeded", "context_window_exceeded"]);
/** Providers without a code for it, Anthropic among them, say it in words that clients look for. */
const CONTEXT_WORDS =
  /\bprompt is too long\b|\bmaximum context length\b|\bexceeds? (?:the |this model's )?(?:available )?context\b|\bexceed_context_size\b/i;

/** Whether the provider refused a prompt because it is longer than the model's context. */
export function saysContextExceeded(body: unknown): boolean {
  const error = readProviderError(body);
  if (error === undefined) return false;
  return CONTEXT_CODES.has(error.code ?? "") || CONTEXT_WORDS.test(error.message);
}
