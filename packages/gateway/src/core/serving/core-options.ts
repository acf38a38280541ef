import type { ListedModel } from "@homegrown/contracts";
import type { Hooks } from "../../hooks/create-hooks.ts";
import type { Router } from "../../routing/router.ts";
import type { Accounts } from "../accounts.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import type { PassLimits } from "../passthrough/pass-through.ts";
import type { RequestReport } from "../request-report.ts";
import type { RoutePlan } from "../../routing/compiled-route.ts";
import type { AnswerCaches } from "../../answer-cache/answer-caches.ts";

export interface CoreOptions {
  accounts: Accounts;
  /** Looked at anew for every request: a reloaded configuration replaces it. */
  routing: { readonly router: Router; readonly hooks: Hooks | undefined };
  limits: CoreLimits;
  listModels: (caller: Key) => Promise<readonly ListedModel[]>;
  /** Told once for each request that was understood, whatever became of it. Must not throw. */
  observe: (report: RequestReport) => void;
  caches: AnswerCaches | undefined;
  /** Undefined where nothing is captured. */
  capture: CapturePort | undefined;
  /** Prompts and answers go into the server's log line and into traces, cut to so many characters each. */
  logContentChars?: number | undefined;
}

export interface CoreLimits extends PassLimits {
  maxParallelChoices: number;
  /** Of an answer that is kept for cache, capture or hooks; a longer one is not kept. */
  maxRecordedBytes: number;
}

/** Where answers are kept for later, as far as policies allow; see `capture/`. */
export interface CapturePort {
  /** Whether anything of this request may be kept: then its answer is recorded. */
  wants(key: Key, plan: RoutePlan): boolean;
  record(capture: CaptureFacts): void;
}

export interface CaptureFacts {
  report: RequestReport;
  plan: RoutePlan;
  request: ModelRequest;
  /** What the client was sent: JSON, or events. Undefined where it was too large to keep. */
  answer: Buffer | undefined;
}
