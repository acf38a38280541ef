// Shared by the tests of this folder and its neighbours.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@homegrown/storage";
import type { Database } from "@homegrown/storage";
import { GATEWAY_MIGRATIONS } from "./tables.ts";
import type { GatewayTables } from "./tables.ts";

export interface TestStore {
  file: string;
  open(options?: { busyTimeoutMs?: number }): Promise<Database<GatewayTables>>;
  remove(): Promise<void>;
}

/** A new SQLite file; every `open` is a connection of its own, as another process would have. */
export async function createTestStore(): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-gateway-state-"));
  const file = join(folder, "gateway.db");
  return {
    file,
    open: (options) => openDatabase<GatewayTables>(file, [GATEWAY_MIGRATIONS], options),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A clock that the test moves. */
export class TestClock {
  wall: number;
  monotonic = 1_000;

  constructor(wall = Date.UTC(2026, 10, 25, 12)) {
    this.wall = wall;
  }

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  advance(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }
}

/** Polls, for two seconds at most. */
export async function waitFor(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i += 1) {
    if (i === 400) throw new Error("what the test waits for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
