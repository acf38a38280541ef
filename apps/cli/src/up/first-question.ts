import { HomegrownError } from "@homegrown/contracts";
import type { Dataset } from "@homegrown/data";
import { startGateway } from "@homegrown/gateway";
import type { Registry, VersionDetails } from "@homegrown/registry";
import { createModelPool } from "@homegrown/serving";
import { toServed } from "../own-models.ts";
import { indent, toPrintable } from "../terminal/format.ts";

const MAX_TOKENS = 160;
/** Asked when declarations were learnt: the kind of question that tuning prepared. */
const TYPESCRIPT_QUESTION = "Declare a function that reads a file and returns its lines.";
const PROSE_QUESTION = "Tell me something that you have learnt.";

export async function chooseQuestion(text: Dataset): Promise<string> {
  for await (const { kind } of text.documents("heldOut")) {
    if (kind === "declarations") return TYPESCRIPT_QUESTION;
  }
  return PROSE_QUESTION;
}

interface Question {
  registry: Registry;
  version: VersionDetails;
  question: string;
  signal: AbortSignal;
}

interface Answered {
  text: string;
  /** The same, fit for a terminal. */
  shown: string;
  /** The version that the server names as the answer's. */
  answeredBy: string;
}

/**
 * Serves this one version, whoever is champion, and asks it over HTTP as any client would; greedy, so that
 * two runs of one model answer alike.
 */
export async function askVersion(asked: Question): Promise<Answered> {
  const served = toServed(asked.registry, asked.version);
  const pool = await createModelPool({ source: { list: async () => [served] } });
  try {
    const gateway = await startGateway({ directory: pool });
    try {
      return await askOverHttp(gateway.url, asked);
    } finally {
      await gateway.close();
    }
  } finally {
    await pool.close();
  }
}

async function askOverHttp(url: string, { version, question, signal }: Question): Promise<Answered> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: version.name,
      messages: [{ role: "user", content: question }],
      max_tokens: MAX_TOKENS,
      temperature: 0,
    }),
    signal,
  });
  const body = (await response.json()) as {
    system_fingerprint?: string;
    choices?: { message: { content: string } }[];
    error?: { message: string };
  };
  const text = body.choices?.[0]?.message.content;
  if (text === undefined) {
    throw new HomegrownError({
      code: "cli/no-answer",
      kind: "internal",
      message: `the model did not answer: HTTP ${response.status}, ${body.error?.message ?? "no error text"}`,
      hint: "Run `homegrown doctor`, then `homegrown serve` to see more.",
    });
  }
  return { text, shown: indent(toPrintable(text)), answeredBy: body.system_fingerprint ?? "unknown" };
}
