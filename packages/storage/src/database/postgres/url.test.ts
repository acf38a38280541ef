import assert from "node:assert/strict";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { openPostgres } from "./open-postgres.ts";
import { toLocation } from "./url.ts";

test("a connection string is shown without its password, and one that hides it badly is refused", async () => {
  const { Client } = await import("pg");
  const shown = {
    "postgres://me:se%2Fcret@db.example:6432/keys?sslmode=verify-full": "postgres://me@db.example:6432/keys",
    "postgresql://me:secret@localhost/keys": "postgres://me@localhost:5432/keys",
    "postgres://me:secret@/keys?host=/var/run/postgresql": "postgres://me@/var/run/postgresql:5432/keys",
  };
  for (const [url, location] of Object.entries(shown)) assert.equal(toLocation(url, Client), location);
  for (const url of [
    "postgres://me:12/secret@host/keys",
    "postgres://me:12?secret@host/keys",
    "postgres://me:12#secret@host/keys",
    "postgres://me:pass#secret",
    "postgres://me:pass:secret@host:port/keys",
    "mysql://me:secret@host/keys",
    "secret",
  ]) {
    await assert.rejects(openPostgres(url), (error) => {
      assert.ok(error instanceof HomegrownError);
      assert.equal(error.code, "storage/bad-database-url", url);
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`, /secret/);
      return true;
    });
  }
});
