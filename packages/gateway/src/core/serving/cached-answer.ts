// One request's place in its route's cache of answers.
import { answerKey } from "../../answer-cache/answer-key.ts";
import type { AnswerCache, AnswerRecording, CachedAnswer } from "../../answer-cache/answer-cache.ts";
import type { RoutePlan } from "../../routing/compiled-route.ts";
import type { Delivery } from "../delivery.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import type { AnswerListener } from "../running/recording.ts";
import type { Target } from "../target.ts";

export interface CacheQuestion {
  cache: AnswerCache;
  plan: RoutePlan;
  request: ModelRequest;
  caller: Key;
}

/** The key of this request's answer; undefined where it must not be kept. */
export async function cacheKeyOf({
  cache,
  plan,
  request,
  caller,
}: CacheQuestion): Promise<string | undefined> {
  const version = await versionOf(plan.candidates[0]!.target);
  if (version === undefined) return undefined;
  return answerKey(
    {
      dialect: request.dialect,
      body: request.body,
      alias: request.alias,
      version,
      headers: request.bytes?.headers ?? {},
      keyId: caller.id,
    },
    cache.settings,
  );
}

/** Sends a kept answer as it was sent before. Rejects when the client leaves. */
export async function deliverCached(
  answer: CachedAnswer,
  delivery: Delivery,
  recording: AnswerListener | undefined,
): Promise<void> {
  delivery.annotate("x-homegrown-cache", "hit");
  if (recording) for (const part of answer.parts) recording.add(part);
  if (!answer.streamed) {
    delivery.send(answer.parts[0]!, answer.contentType);
    return;
  }
  const sink = delivery.openStream(answer.contentType);
  for (const part of answer.parts) {
    const drained = sink.send(part);
    if (drained) await drained;
  }
  sink.end();
}

/**
 * Own models move under their names; what was answered by another version is another answer. Undefined for one that
 * cannot be had now: whether another target stands in for it is for the attempts to find out.
 */
async function versionOf(target: Target): Promise<string | undefined> {
  if (!target.own) return target.id;
  try {
    const lease = await target.acquire();
    lease.release();
    return `${target.id} ${lease.version}`;
  } catch {
    return undefined;
  }
}

export type { AnswerRecording };
