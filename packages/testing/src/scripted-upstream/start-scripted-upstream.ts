import { fork } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import type { SeenBody, UpstreamCounts, UpstreamRecord } from "./tally.ts";

/**
 * A provider in a process of its own. It speaks OpenAI's chat completions, Responses, text completions and
 * embeddings, and Anthropic's messages and count_tokens; what it says is scripted by the last user message
 * (`compose-reply.ts`), how it behaves by the model's name (`model-script.ts`, `faults.ts`).
 */
export interface ScriptedUpstream {
  /** Anthropic's base URL; OpenAI's is `${url}/v1`. */
  readonly url: string;
  readonly pid: number;
  counts(): Promise<UpstreamCounts>;
  /** Requests since the last reset, at most the first 100,000. */
  records(): Promise<UpstreamRecord[]>;
  /** The last 200 requests as they arrived. */
  bodies(): Promise<SeenBody[]>;
  /** Zero for every count; faults that were set at run time go. */
  reset(): Promise<void>;
  /** Sets a fault for a model, or takes it away with `none`. Counted anew from the last reset. */
  setFault(model: string, fault: string, times?: number): Promise<void>;
  /** Waits until no answer is open any more; throws when that takes longer. */
  quiet(ms?: number): Promise<UpstreamCounts>;
  stop(): Promise<void>;
}

export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const child = fork(join(import.meta.dirname, "entry.ts"), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const [message] = (await Promise.race([
    once(child, "message"),
    ended.then(() => Promise.reject(new Error("the scripted upstream ended before it listened"))),
  ])) as [{ port: number }];
  const url = `http://127.0.0.1:${message.port}`;
  const counts = async (): Promise<UpstreamCounts> => (await ask(url, "/control/counts")) as UpstreamCounts;
  return {
    url,
    pid: child.pid!,
    counts,
    records: async () => (await ask(url, "/control/records")) as UpstreamRecord[],
    bodies: async () => (await ask(url, "/control/bodies")) as SeenBody[],
    reset: async () => void (await ask(url, "/control/reset")),
    setFault: async (model, fault, times) => void (await ask(url, "/control/fault", { model, fault, times })),
    async quiet(ms = 5000) {
      const deadline = performance.now() + ms;
      for (;;) {
        const now = await counts();
        if (now.running === 0) return now;
        if (performance.now() > deadline) {
          throw new Error(`${now.running} answers of the upstream were still open after ${ms} ms`);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}

function ask(url: string, path: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const text = body && JSON.stringify(body);
    const outgoing = request(`${url}${path}`, { method: text ? "POST" : "GET", agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject).once("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString("utf8")));
        else reject(new Error(`${path} answered ${response.statusCode}`));
      });
    });
    outgoing.once("error", reject);
    outgoing.end(text);
  });
}
