// A model's name says how it behaves: `scripted`, `scripted-wait-50-pace-5-no-usage`, `fault-hang-mid-stream`,
// `fault-429-retry-after-1-times-2`. Names and what they do stand in `faults.ts`.
import { isFault } from "./faults.ts";

export interface ModelScript {
  /** Before the head of the answer. */
  waitMs: number;
  /** Between two events of a stream. */
  paceMs: number;
  tellsUsage: boolean;
  fault: string | undefined;
  /** Only so many of the first requests meet the fault; after them all is well. */
  times: number;
}

/** Throws for a fault that there is none of: a typing mistake must not pass for a healthy model. */
export function readModelScript(model: string): ModelScript {
  const number = (name: string): number | undefined => {
    const found = new RegExp(`-${name}-(\\d{1,6})`).exec(model)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const times = number("times") ?? Number.POSITIVE_INFINITY;
  const bare = model.replace(/-(?:wait|pace|times)-\d+/g, "").replace(/-no-usage|-lenient/g, "");
  const fault = /(?:^|[/:])fault-([\w-]+)$/.exec(bare)?.[1];
  if (fault !== undefined && !isFault(fault)) throw new Error(`the script knows no fault '${fault}'`);
  return {
    waitMs: number("wait") ?? 0,
    paceMs: number("pace") ?? 0,
    tellsUsage: !model.includes("-no-usage"),
    fault,
    times,
  };
}
