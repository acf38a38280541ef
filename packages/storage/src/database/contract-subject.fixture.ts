// What the parts of the contract share.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { HomegrownError } from "@homegrown/contracts";
import type { CounterTables } from "./database.fixture.ts";
import type { Database } from "./database.ts";

/** `newStore` makes an empty one and returns what `openStore` opens. */
export interface DatabaseSubject {
  name: string;
  newStore(): Promise<string>;
}

export const isError =
  (code: string, part = "") =>
  (error: unknown): boolean =>
    error instanceof HomegrownError &&
    error.code === code &&
    error.message.includes(part) &&
    error.hint !== "";

export const INSERT = "insert into counters (name, value, bytes) values ($1, $2, $3)";

export async function valueOf(database: Database<CounterTables>, name: string): Promise<number> {
  const row = await database.queries
    .selectFrom("counters")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return row.value;
}

export interface Child {
  lines: string[];
  /** Resolves when the child has printed so many lines. */
  printed(numLines: number): Promise<void>;
  kill(): void;
  /** Its exit code; null when it was killed. */
  ended: Promise<number | null>;
}

/** Runs database.fixture.ts. */
export function startChild(...args: string[]): Child {
  // A child of node's test runner that thinks it is a test file prints for machines.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const script = join(import.meta.dirname, "database.fixture.ts");
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  return {
    lines,
    printed: async (numLines) => {
      while (lines.length < numLines) {
        assert.equal(child.exitCode, null, "the child ended early");
        await once(reader, "line", { signal: AbortSignal.timeout(30_000) });
      }
    },
    kill: () => child.kill("SIGKILL"),
    ended: once(child, "close").then(([code]) => code as number | null),
  };
}
