// Every step after which data must survive a crash is announced on a diagnostics channel, so that a test can
// kill the process before and after each one. Nothing is built or published while nobody listens.
import { channel } from "node:diagnostics_channel";

export type DurableStepName = "write" | "fsync" | "rename" | "commit";

/** What subscribers of "homegrown:durable" receive, synchronously, on the thread that takes the step. */
export interface DurableStepMessage {
  /** `rename` stands for every change of a name: rename, hard link, unlink of what was replaced. */
  step: DurableStepName;
  when: "before" | "after";
  path: string;
  /** What the step is for, for example `blob` or `registry: insert into "registry_versions"`. */
  purpose: string;
}

const durable = channel("homegrown:durable");

/** Runs `action` as one durable step. When `action` throws there is no `after`. */
export async function durableStep<T>(
  step: DurableStepName,
  path: string,
  purpose: string,
  action: () => Promise<T>,
): Promise<T> {
  if (!durable.hasSubscribers) return action();
  durable.publish({ step, when: "before", path, purpose } satisfies DurableStepMessage);
  const result = await action();
  durable.publish({ step, when: "after", path, purpose } satisfies DurableStepMessage);
  return result;
}
