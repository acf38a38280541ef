// For applications: tells the gateway what became of an answer. Stands alone, so that nothing else comes along.

export interface FeedbackCall {
  /** The gateway's address, with or without `/v1`. */
  baseUrl: string;
  /** The request's own key, or another of its team; none where the gateway has no keys yet. */
  apiKey?: string;
  /** The answer's `x-request-id`; OpenAI's and Anthropic's clients have it as `_request_id`. */
  requestId: string;
  /** -1 (useless) to 1 (as it should be). */
  score?: number;
  metrics?: Readonly<Record<string, number>>;
  /** What came of it, for example `accepted`. */
  outcome?: string;
  /** What should have been answered: text, or messages as OpenAI's clients write them. */
  correction?: string | readonly object[];
  comment?: string;
  /** Which of several choices; default 0. */
  choice?: number;
  /** Default: given up after 10 s. */
  signal?: AbortSignal;
}

export interface SentFeedback {
  id: string;
  request_id: string;
  /** Unix time in seconds. */
  created_at: number;
}

export class FeedbackError extends Error {
  readonly status: number;
  /** For example `gateway/request-not-found`. */
  readonly code: string | undefined;

  constructor(status: number, code: string | undefined, message: string) {
    super(message);
    this.name = "FeedbackError";
    this.status = status;
    this.code = code;
  }
}

const TIMEOUT_MS = 10_000;

/** Rejects with `FeedbackError` where the gateway refuses, and with what `fetch` throws where it is not reached. */
export async function sendFeedback(call: FeedbackCall): Promise<SentFeedback> {
  const { baseUrl, apiKey, requestId, signal = AbortSignal.timeout(TIMEOUT_MS), ...said } = call;
  const base = baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "");
  const response = await fetch(`${base}/v1/feedback`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify({ request_id: requestId, ...said }),
    signal,
  });
  const body = (await response.json().catch(() => undefined)) as
    | (SentFeedback & { error?: { code?: string; message?: string } })
    | undefined;
  if (response.ok && body !== undefined) return body;
  const { code, message = `The gateway answered ${response.status}.` } = body?.error ?? {};
  throw new FeedbackError(response.status, code, message);
}
