// The options that say what a key may do, for making one and for changing one. `none` lifts what was set.
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { RIGHTS } from "@homegrown/contracts";
import type { Rights } from "@homegrown/contracts";
import { ENDPOINTS } from "@homegrown/gateway";
import type { Endpoint, Key, KeyLimits, KeySettings } from "@homegrown/gateway";
import { collect, parseCount } from "../arguments.ts";
import { parseExpiry } from "./times.ts";

/** Commander takes null for no value at all, so it stays a word until it is a setting. */
const LIFT = "none";
type Lift = typeof LIFT;

export interface KeyOptions {
  name?: string;
  team?: string;
  tag?: string[];
  alias?: string[];
  endpoint?: (Endpoint | "all")[];
  rights?: Rights;
  requestsPerMinute?: number | Lift;
  tokensPerMinute?: number | Lift;
  streams?: number | Lift;
  expires?: Date | Lift;
  storeResponses?: boolean;
}

export function withKeyOptions(command: Command): Command {
  return command
    .option("--team <name>", "team that it belongs to; none takes it out of its team")
    .option("--tag <name>", "label for routes' conditions; repeat for several", collect)
    .option("--alias <pattern>", "model it may use, * for any run of characters; repeat for several", collect)
    .option(
      "--endpoint <name>",
      `endpoint it may call: ${ENDPOINTS.join(", ")} or all; repeat`,
      collectEndpoint,
    )
    .option(
      "--rights <right>",
      `what its requests may be used for at most: ${RIGHTS.join(", ")}`,
      parseRights,
    )
    .option("--requests-per-minute <number>", "limit; none lifts it", orNone(parseCount))
    .option("--tokens-per-minute <number>", "limit; none lifts it", orNone(parseCount))
    .option("--streams <number>", "streams at once; none lifts it", orNone(parseCount))
    .option(
      "--expires <when>",
      "a day, an instant or a duration from now (90d); none: never",
      orNone(parseExpiry),
    )
    .option("--store-responses", "let it store Responses")
    .option("--no-store-responses", "forbid it to store Responses");
}

/** Only what was given; limits that were not named stay as `before` has them. */
export function toKeySettings(options: KeyOptions, before?: Key): KeySettings {
  const { name, team, tag, alias, endpoint, rights, expires, storeResponses } = options;
  const limits = toLimits(options, before?.limits ?? {});
  return {
    ...(name !== undefined && { name }),
    ...(team !== undefined && { team: team === LIFT ? null : team }),
    ...(tag !== undefined && { tags: tag }),
    ...(alias !== undefined && { aliases: alias.includes("*") ? null : alias }),
    ...(endpoint !== undefined && { endpoints: toEndpoints(endpoint) }),
    ...(rights !== undefined && { rights }),
    ...(limits !== undefined && { limits }),
    ...(expires !== undefined && { expiresAt: expires === LIFT ? null : expires }),
    ...(storeResponses !== undefined && { mayStoreResponses: storeResponses }),
  };
}

function toLimits(options: KeyOptions, before: KeyLimits): KeyLimits | undefined {
  const given = {
    requestsPerMinute: options.requestsPerMinute,
    tokensPerMinute: options.tokensPerMinute,
    concurrentStreams: options.streams,
  };
  if (Object.values(given).every((value) => value === undefined)) return undefined;
  const limits: Record<string, number> = { ...before };
  for (const [name, value] of Object.entries(given)) {
    if (value === LIFT) delete limits[name];
    else if (value !== undefined) limits[name] = value;
  }
  return limits;
}

function toEndpoints(endpoints: readonly (Endpoint | "all")[]): readonly Endpoint[] | null {
  return endpoints.includes("all") ? null : (endpoints as readonly Endpoint[]);
}

function collectEndpoint(value: string, previous: readonly string[] = []): string[] {
  if (value === "all" || (ENDPOINTS as readonly string[]).includes(value)) return [...previous, value];
  throw new InvalidArgumentError(`expected one of ${ENDPOINTS.join(", ")} or all`);
}

function parseRights(value: string): Rights {
  const found = RIGHTS.find((right) => right === value);
  if (found === undefined) throw new InvalidArgumentError(`expected one of ${RIGHTS.join(", ")}`);
  return found;
}

function orNone<Value>(parse: (text: string) => Value): (text: string) => Value | Lift {
  return (text) => (text === LIFT ? LIFT : parse(text));
}
