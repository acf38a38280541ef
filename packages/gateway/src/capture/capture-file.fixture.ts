// A database with captures in it, for tests of what is read from one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@homegrown/storage";
import type { Database } from "@homegrown/storage";
import { GATEWAY_MIGRATIONS } from "../state/tables.ts";
import type { GatewayTables } from "../state/tables.ts";
import { toStatements } from "./capture-rows.ts";
import type { Capture } from "./capture-rows.ts";
import { CAPTURE_MIGRATIONS } from "./tables.ts";
import type { CaptureTables } from "./tables.ts";

export interface CaptureFile {
  folder: string;
  database: Database<GatewayTables & CaptureTables>;
  write(captures: readonly Capture[]): Promise<void>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openCaptureFile(): Promise<CaptureFile> {
  const folder = await mkdtemp(join(tmpdir(), "captures-"));
  const database = await openDatabase<GatewayTables & CaptureTables>(
    join(folder, "test.db"),
    [GATEWAY_MIGRATIONS, CAPTURE_MIGRATIONS],
    { synchronous: "normal" },
  );
  return {
    folder,
    database,
    async write(captures) {
      const pending = captures.map(({ masked, request, answer, ...head }) => ({
        head,
        content: { request, answer, masked: JSON.stringify(masked), answerId: idOf(answer) },
        subjects: [],
      }));
      await database.batch(toStatements(pending));
    },
    async clear() {
      const tables = ["captures", "feedback", "capture_subjects"];
      await database.batch(tables.map((table) => ({ sql: `delete from ${table}`, rows: [[]] })));
    },
    async close() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

function idOf(answer: string): string | undefined {
  return (JSON.parse(answer) as { id?: string }).id;
}
