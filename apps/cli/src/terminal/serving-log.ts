// What a server tells whoever runs it: one line on standard error for each finished request and for each
// thing that happens to a served model. Lines to read, or JSON lines with `--json`; never a prompt, never an
// answer.
import type { ErrorRecord, HomegrownError } from "@homegrown/contracts";
import type { RequestRecord } from "@homegrown/gateway";
import type { HostEvent, PoolEvent } from "@homegrown/serving";
import { toPrintable } from "./format.ts";

export type ServingEvent =
  | PoolEvent
  | HostEvent
  /** The champion's record cannot be read; `kept` goes on in its place, if there is one. */
  | { event: "model-skip"; name: string; version: string; kept?: string; error: ErrorRecord }
  | { event: "config-apply"; file: string; now: readonly string[]; afterRestart: readonly string[] }
  /** The old configuration stays. */
  | { event: "config-refuse"; file: string; error: ErrorRecord }
  /** One of several processes that share the port ended by itself. */
  | { event: "worker-exit"; processId: number; reason: string; restartInMs: number }
  /** Something beside a request failed: the store, background work. */
  | { event: "fault"; error: ErrorRecord };

export interface ServingLog {
  request: (record: RequestRecord) => void;
  event: (event: ServingEvent) => void;
}

export interface ServingLogOptions {
  json: boolean;
  /** Takes one line without its end. */
  write: (line: string) => void;
  now?: () => Date;
}

export function createServingLog({ json, write, now = () => new Date() }: ServingLogOptions): ServingLog {
  const put = (readable: string, fields: object): void => {
    const time = now().toISOString();
    write(
      json ? JSON.stringify({ time, ...fields }) : `${time} ${toPrintable(readable).replace(/\s+/g, " ")}`,
    );
  };
  return {
    request: (record) => put(describeRequest(record), toRequestFields(record)),
    event: (event) =>
      put(describeEvent(event), "error" in event ? { ...event, error: toFields(event.error) } : event),
  };
}

function describeRequest(record: RequestRecord): string {
  const { requestId, method, route, status, durationMs, inputTokens = 0, outputTokens = 0 } = record;
  return [
    requestId,
    method,
    route === "" ? "-" : route,
    status === 0 ? "-" : status,
    record.version ?? record.model ?? "-",
    // What was refused before any model saw it has none.
    ...(inputTokens + outputTokens === 0 ? [] : [`${inputTokens}+${outputTokens} tokens`]),
    `${Math.round(durationMs)} ms`,
    ...(record.error ? [describeError(record.error)] : []),
  ].join(" ");
}

function toRequestFields({ durationMs, firstByteMs, error, ...record }: RequestRecord): object {
  return {
    event: "request",
    ...record,
    durationMs: Math.round(durationMs),
    ...(firstByteMs !== undefined && { firstByteMs: Math.round(firstByteMs) }),
    ...(error && {
      error: { code: error.code, kind: error.kind, ...(isOurs(error) && { message: error.message }) },
    }),
  };
}

type RequestError = NonNullable<RequestRecord["error"]>;

function describeError(error: RequestError): string {
  return isOurs(error) ? `${error.code}: ${error.message}` : error.code;
}

/** A host that is down or a file that was changed needs words; what a client did wrong may quote the client. */
function isOurs({ kind }: RequestError): boolean {
  return kind === "unavailable" || kind === "corrupt";
}

function describeEvent(event: ServingEvent): string {
  switch (event.event) {
    case "version-swap":
      return `${event.name}: ${event.to} answers now instead of ${event.from} (${event.milliseconds} ms)`;
    case "version-refuse":
      return `${event.name}: ${event.refused} was not loaded, ${event.kept} goes on; ${toSentence(event.error)}`;
    case "version-retire":
      return `${event.name}: ${event.version} has finished its last request`;
    case "model-skip":
      return `${event.name}: ${event.version} cannot be read, ${event.kept === undefined ? "so the name is not served" : `${event.kept} goes on`}; ${toSentence(event.error)}`;
    case "host-start":
      return `${event.modelId}: process ${event.processId} is ready (${event.milliseconds} ms)`;
    case "host-crash":
      return `${event.modelId}: its process ended (${event.reason}), crash ${event.attempt} in a row; next start in ${event.restartInMs} ms`;
    case "config-apply":
      return `${event.file}: ${describeChange(event.now, event.afterRestart)}`;
    case "config-refuse":
      return `${event.file}: not taken over, the last good configuration stays; ${toSentence(event.error)}`;
    case "worker-exit":
      return `process ${event.processId} ended (${event.reason}); another starts in ${event.restartInMs} ms`;
    case "fault":
      return toSentence(event.error);
    case "host-fail":
      return `${event.modelId}: its process was given up (${event.reason}); the next request starts it afresh`;
  }
}

function describeChange(now: readonly string[], afterRestart: readonly string[]): string {
  const taken = now.length === 0 ? "read again, nothing is different" : `taken over: ${now.join(", ")}`;
  if (afterRestart.length === 0) return taken;
  const waits = `only after a restart: ${afterRestart.join(", ")}`;
  return now.length === 0 ? `read again; ${waits}` : `${taken}; ${waits}`;
}

function toSentence(error: HomegrownError | ErrorRecord): string {
  const { code, message, hint } = error;
  return `${code}: ${message} (hint: ${hint})`;
}

function toFields(error: HomegrownError | ErrorRecord): object {
  const { code, kind, message, hint } = error;
  return { code, kind, message, hint };
}
