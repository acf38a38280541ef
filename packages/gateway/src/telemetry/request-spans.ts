// A finished request as spans: one for the HTTP exchange (server), one below it for each attempt (client), with
// the names of OpenTelemetry's conventions. No prompt and no answer, unless the record has them on demand.
import type { AttemptReport, RequestReport } from "../core/request-report.ts";
import type { RequestRecord } from "../server/request-record.ts";
import { OPERATION_OF_DIALECT } from "./gen-ai-names.ts";
import type { AttributeValue, Attributes } from "./instruments.ts";
import {
  SPAN_KIND_CLIENT,
  SPAN_KIND_SERVER,
  STATUS_ERROR,
  toOtlpAttributes,
  toUnixNano,
} from "./otlp-json.ts";
import type { OtlpSpan } from "./otlp-json.ts";
import { newSpanId } from "./trace-context.ts";
import type { TraceContext } from "./trace-context.ts";

export interface SampledRequest {
  readonly parent: TraceContext | undefined;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly attemptSpanIds: readonly string[];
  readonly report: RequestReport | undefined;
}

const SAMPLED = 0x01;
const HAS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const LAST_CLIENT_ERROR = 499;

/** @param now milliseconds since 1970 at which the exchange ended. */
export function toSpans(record: RequestRecord, trace: SampledRequest, now: number): OtlpSpan[] {
  const startedAt = now - record.durationMs;
  const server = toServerSpan(record, trace, startedAt, now);
  const { report } = trace;
  if (report === undefined) return [server];
  const clients = report.attemptsMade.map((attempt, index) =>
    toClientSpan({ report, attempt, index, trace, startedAt, now }),
  );
  return [server, ...clients];
}

function toServerSpan(
  record: RequestRecord,
  { parent, traceId, spanId, report }: SampledRequest,
  startedAt: number,
  now: number,
): OtlpSpan {
  const { method, route, status, error, requestId, key, content } = record;
  // By the conventions what a client did wrong is no error of the server; an answer that broke off is.
  const failed = error !== undefined && (status > LAST_CLIENT_ERROR || status === 200 || status === 0);
  return {
    traceId: traceId!,
    spanId: spanId!,
    ...(parent && { parentSpanId: parent.spanId }),
    name: route === "" ? method : `${method} ${route}`,
    kind: SPAN_KIND_SERVER,
    startTimeUnixNano: toUnixNano(startedAt),
    endTimeUnixNano: toUnixNano(now),
    attributes: toOtlpAttributes(
      known({
        "http.request.method": method,
        "http.route": route === "" ? undefined : route,
        "http.response.status_code": status === 0 ? undefined : status,
        "url.scheme": "http",
        "error.type": error?.code,
        "homegrown.request.id": requestId,
        "homegrown.key.id": key,
        "homegrown.outcome": record.outcome,
        ...(report && {
          // A name that no route has may be anything, a prompt in the wrong field included.
          "homegrown.alias": record.model,
          "homegrown.attempts": report.attempts,
          "homegrown.cached": report.cached,
          "homegrown.cost.usd": record.costUsd ?? undefined,
        }),
        "homegrown.request.body": content?.request,
        "homegrown.response.body": content?.answer,
      }),
    ),
    status: failed ? { code: STATUS_ERROR } : {},
    flags: SAMPLED | HAS_REMOTE | (parent ? IS_REMOTE : 0),
  };
}

interface AttemptToSpan {
  report: RequestReport;
  attempt: AttemptReport;
  index: number;
  trace: SampledRequest;
  startedAt: number;
  now: number;
}

function toClientSpan({ report, attempt, index, trace, startedAt, now }: AttemptToSpan): OtlpSpan {
  const { target, version, errorCode, startedMs, durationMs } = attempt;
  const isLast = index === report.attemptsMade.length - 1;
  // The report's clock has whole milliseconds: a child is not shown to begin before its parent.
  const begin = Math.min(Math.max(report.startedAt + startedMs, startedAt), now);
  const end = Math.min(begin + durationMs, now);
  const operation = OPERATION_OF_DIALECT[report.dialect];
  return {
    traceId: trace.traceId!,
    spanId: trace.attemptSpanIds[index] ?? newSpanId(),
    parentSpanId: trace.spanId!,
    name: `${operation} ${target.model}`,
    kind: SPAN_KIND_CLIENT,
    startTimeUnixNano: toUnixNano(begin),
    endTimeUnixNano: toUnixNano(end),
    attributes: toOtlpAttributes(
      known({
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": target.system,
        "gen_ai.request.model": target.model,
        "gen_ai.response.model": version,
        "gen_ai.request.stream": report.streamed ? true : undefined,
        "server.address": target.address?.host,
        "server.port": target.address?.port,
        "error.type": errorCode,
        "homegrown.target": target.id,
        "homegrown.attempt": index + 1,
        "homegrown.passed_through": attempt.passedThrough,
        ...(isLast && answerOf(report, attempt)),
      }),
    ),
    status: errorCode === undefined ? {} : { code: STATUS_ERROR },
    flags: SAMPLED | HAS_REMOTE,
  };
}

function answerOf(
  { usage, streamed, firstByteMs }: RequestReport,
  attempt: AttemptReport,
): Readonly<Record<string, AttributeValue | undefined>> {
  const isFirstKnown = streamed && firstByteMs !== undefined;
  return {
    "gen_ai.response.time_to_first_chunk": isFirstKnown
      ? Math.max(0, firstByteMs - attempt.startedMs) / 1000
      : undefined,
    "gen_ai.usage.input_tokens": usage.input,
    "gen_ai.usage.output_tokens": usage.output,
    "gen_ai.usage.cache_read.input_tokens": usage.cacheRead || undefined,
    "gen_ai.usage.cache_creation.input_tokens": usage.cacheWrite || undefined,
    "gen_ai.usage.reasoning.output_tokens": usage.reasoning || undefined,
    "homegrown.usage.estimated": usage.estimated ? true : undefined,
  };
}

function known(attributes: Readonly<Record<string, AttributeValue | undefined>>): Attributes {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Attributes;
}
