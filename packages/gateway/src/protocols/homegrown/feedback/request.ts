// POST /v1/feedback: { request_id, score?, metrics?, outcome?, correction?, comment?, choice? }
import { HomegrownError } from "@homegrown/contracts";
import { z } from "zod";
import type { FeedbackContent } from "../../../feedback/feedback.ts";
import type { JsonBody } from "../../../server/json-body.ts";
import { invalidRequest } from "../../openai/invalid-request.ts";
import { parseRequest } from "../../openai/parse-request.ts";

const MAX_BODY_BYTES = 256 * 1024;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

const contentPart = z.looseObject({ type: z.string().max(64) });
/** As OpenAI's clients write what an assistant says, and what its tools answered. */
const messageSchema = z.looseObject({
  role: z.enum(["assistant", "tool"]),
  content: z.union([z.string(), z.array(contentPart).max(100)]).nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().max(256),
        type: z.literal("function").default("function"),
        function: z.looseObject({ name: z.string().min(1).max(256), arguments: z.string() }),
      }),
    )
    .max(128)
    .optional(),
  tool_call_id: z.string().max(256).optional(),
});

export const feedbackSchema = z.strictObject(
  {
    request_id: z.string().regex(REQUEST_ID, "expected the x-request-id of an answer"),
    score: z.number().min(-1).max(1).nullish(),
    metrics: z
      .record(z.string().regex(/^[\w.-]{1,64}$/, "expected letters, digits, '_', '.', '-'"), z.number())
      .refine((metrics) => Object.keys(metrics).length <= 20, "expected at most 20 entries")
      .nullish(),
    outcome: z
      .string()
      .regex(/^[\w.:/ -]{1,64}$/, "expected up to 64 letters, digits, spaces, '_', '.', ':', '/', '-'")
      .nullish(),
    choice: z.int().min(0).max(127).default(0),
    correction: z.union([z.string().min(1), z.array(messageSchema).min(1).max(100)]).nullish(),
    comment: z.string().min(1).max(10_000).nullish(),
  },
  {
    // The engine's own words would quote the name, which may be anything.
    error: (issue) => (issue.code === "unrecognized_keys" ? "it has a member that is not known" : undefined),
  },
);

/** Throws `gateway/invalid-request` or `gateway/feedback-too-large`. */
export function parseFeedback({ value, bytes }: JsonBody): { requestId: string; content: FeedbackContent } {
  if (bytes.raw.length > MAX_BODY_BYTES) throw tooLarge();
  const body = parseRequest(feedbackSchema, value);
  const content: FeedbackContent = {
    score: body.score ?? undefined,
    metrics: body.metrics ?? undefined,
    outcome: body.outcome ?? undefined,
    choice: body.choice,
    correction: body.correction ?? undefined,
    comment: body.comment ?? undefined,
  };
  const { choice: _, ...said } = content;
  if (Object.values(said).every((one) => one === undefined)) throw saysNothing();
  return { requestId: body.request_id, content };
}

function saysNothing(): HomegrownError {
  return invalidRequest(
    "score",
    "missing",
    "The feedback says nothing.",
    "Give at least one of 'score', 'metrics', 'outcome', 'correction', 'comment'.",
  );
}

function tooLarge(): HomegrownError {
  return new HomegrownError({
    code: "gateway/feedback-too-large",
    kind: "too-large",
    message: `The feedback is larger than the ${MAX_BODY_BYTES} bytes that are kept of one.`,
    hint: "Send a shorter correction.",
  });
}
