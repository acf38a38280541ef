// Sends generated requests over kept connections and judges every answer: in time, well-formed, and never an
// error of the server's own that nobody foresaw.
import { Agent, request } from "node:http";
import { createRequestGenerator } from "./request-generator.ts";
import type { GeneratedRequest } from "./generated-request.ts";

export interface GeneratedLoad {
  url: string;
  key: string;
  front: string;
  seed: number;
  models: readonly string[];
  count: number;
  /** Requests under way at once. */
  concurrency: number;
  /** No answer may take longer. */
  withinMs: number;
}

export interface GeneratedReport {
  statuses: Record<number, number>;
  /** What was wrong, with the request that brought it about; at most ten. */
  violations: string[];
  numViolations: number;
  slowestMs: number;
}

interface Answer {
  status: number;
  contentType: string;
  text: string;
}

const MAX_SHOWN = 10;

export async function sendGenerated(load: GeneratedLoad): Promise<GeneratedReport> {
  const generate = createRequestGenerator(load.front, load.seed, load.models);
  const agent = new Agent({ keepAlive: true, maxSockets: load.concurrency });
  const report: GeneratedReport = { statuses: {}, violations: [], numViolations: 0, slowestMs: 0 };
  let left = load.count;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const generated = generate();
      const startedAt = performance.now();
      const fault = await send(load, generated, agent).then(
        (answer) => {
          report.statuses[answer.status] = (report.statuses[answer.status] ?? 0) + 1;
          return judge(answer);
        },
        (error: Error) => `no answer: ${error.message}`,
      );
      report.slowestMs = Math.max(report.slowestMs, performance.now() - startedAt);
      if (fault === undefined) continue;
      report.numViolations++;
      if (report.violations.length < MAX_SHOWN) report.violations.push(`${fault}\n${show(generated)}`);
    }
  };
  await Promise.all(Array.from({ length: load.concurrency }, work));
  agent.destroy();
  return report;
}

function send(
  load: GeneratedLoad,
  { method, path, headers, body }: GeneratedRequest,
  agent: Agent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${load.url}${path}`,
      {
        agent,
        method,
        headers: { ...headers, "content-length": body.length, authorization: `Bearer ${load.key}` },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", fail).once("end", () => {
          clearTimeout(timer);
          const contentType = response.headers["content-type"] ?? "";
          resolve({
            status: response.statusCode ?? 0,
            contentType,
            text: Buffer.concat(chunks).toString("utf8"),
          });
        });
      },
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      outgoing.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`not within ${load.withinMs} ms`)), load.withinMs);
    outgoing.once("error", fail);
    outgoing.end(body);
  });
}

/** What is wrong with an answer; undefined where nothing is. */
function judge({ status, contentType, text }: Answer): string | undefined {
  if (contentType.includes("text/event-stream")) return judgeStream(text);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return `${status} without JSON: ${text.slice(0, 200)}`;
  }
  if (typeof body !== "object" || body === null) return `${status}, but its JSON is no object`;
  if (status === 200) return "error" in body && body.error !== null ? "200 with an error inside" : undefined;
  const { error } = body as { error?: { message?: unknown; type?: unknown; code?: unknown } };
  if (typeof error?.message !== "string" || typeof error.type !== "string")
    return `${status} without an error`;
  // Every failure has a name; this one says that nobody thought of it.
  const isForeseen = error.code !== "internal/unexpected" && !error.message.includes("did not foresee");
  return status === 500 || !isForeseen ? `${status}: ${text.slice(0, 300)}` : undefined;
}

function judgeStream(text: string): string | undefined {
  if (!text.endsWith("\n\n")) return `a stream that ends in the middle: ${text.slice(-200)}`;
  const events = text.trimEnd().split("\n\n");
  for (const event of events) {
    const data = event.split("\n").find((line) => line.startsWith("data: "));
    if (data === undefined || data === "data: [DONE]") continue;
    try {
      JSON.parse(data.slice("data: ".length));
    } catch {
      return `an event without JSON: ${event.slice(0, 200)}`;
    }
  }
  const last = events.at(-1)!;
  if (last.includes("did not foresee")) return `a stream ended by what nobody foresaw: ${last}`;
  const ends = /\[DONE\]|message_stop|response\.(?:completed|incomplete|failed)|"error"/;
  return ends.test(last) ? undefined : `a stream without its end: ${last.slice(0, 200)}`;
}

function show({ method, path, body }: GeneratedRequest): string {
  return `${method} ${path} ${body.toString("latin1").slice(0, 1500)}`;
}
