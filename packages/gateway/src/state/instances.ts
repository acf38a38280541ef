// An instance is one running gateway. Its row carries a counter that grows with each of its commits, which is
// fence and heartbeat in one: a commit that does not find the counter as the last one left it breaks a
// constraint and changes nothing, so what was done is never done twice, and an instance that was declared dead
// and comes back to life can write nothing under its old name. Nobody compares clocks: another machine's
// instance counts as dead when its counter has stood still for a while of the observer's own time.
import { currentProcess, processState } from "@homegrown/storage";
import type { BatchStatement } from "@homegrown/storage";
import type { Clock } from "./clock.ts";
import { ENDED } from "./tables.ts";
import type { StateDatabase } from "./tables.ts";

/** An instance elsewhere that commits nothing for so long is dead. Longer than `LEASE_MS` by far. */
export const SILENCE_MS = 30_000;

const COMMIT = `update gateway_instances
  set commits = case when commits = cast($2 as bigint) then cast($3 as bigint) else -1 end, heartbeat_at = $4
  where id = $1`;

export async function enrolInstance(database: StateDatabase, clock: Clock): Promise<number> {
  const { host, pid, started } = currentProcess();
  const now = Math.round(clock.wallMs());
  const { id } = await database.queries
    .insertInto("gateway_instances")
    .values({ host, pid, started, started_at: now, heartbeat_at: now, commits: 0 })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** First statement of every commit; fails with `storage/constraint` unless the counter stands at `from`. */
export function commitStatement(instance: number, from: number, to: number, clock: Clock): BatchStatement {
  return { sql: COMMIT, rows: [[instance, from, to, Math.round(clock.wallMs())]] };
}

export async function readCommits(database: StateDatabase, instance: number): Promise<number> {
  const row = await database.queries
    .selectFrom("gateway_instances")
    .select("commits")
    .where("id", "=", instance)
    .executeTakeFirst();
  return row?.commits ?? ENDED;
}

export interface SeenInstance {
  id: number;
  commits: number;
}

/** Watches the other instances; keeps what it saw between calls. */
export class InstanceWatch {
  #database: StateDatabase;
  #clock: Clock;
  #seen = new Map<number, { commits: number; sinceMs: number }>();

  constructor(database: StateDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** `own` is this process's instance; other rows of this very process are instances that were fenced off. */
  async look(own: number): Promise<{ numLiving: number; dead: SeenInstance[] }> {
    const rows = await this.#database.queries
      .selectFrom("gateway_instances")
      .select(["id", "host", "pid", "started", "commits"])
      .where("commits", "<", ENDED)
      .execute();
    const nowMs = this.#clock.monotonicMs();
    const dead: SeenInstance[] = [];
    const seen = new Map<number, { commits: number; sinceMs: number }>();
    for (const { id, commits, ...identity } of rows) {
      const before = this.#seen.get(id);
      const sinceMs = before?.commits === commits ? before.sinceMs : nowMs;
      seen.set(id, { commits, sinceMs });
      if (id === own) continue;
      const state = processState(identity);
      if (state === "dead" || (state === "unknown" && nowMs - sinceMs >= SILENCE_MS)) {
        dead.push({ id, commits });
      }
    }
    this.#seen = seen;
    return { numLiving: rows.length - dead.length, dead };
  }
}
