import assert from "node:assert/strict";
import { test } from "node:test";
import { toPostgresError } from "./errors.ts";

const location = "postgres://user@host:5432/database";
const codeOf = (error: unknown) => toPostgresError({ error, location, doing: "it", ifLost: "unknown" });
const fromServer = (code: string, message = "") =>
  Object.assign(new Error(message), {
    severity: "ERROR",
    code,
    detail: "Key (name)=(somebody) already exists.",
  });

test("the server's codes become ours, by the whole code or by its class", () => {
  const expected: Record<string, string> = {
    "22003": "storage/invalid-value",
    "22021": "storage/invalid-text",
    "22P02": "storage/invalid-value",
    "23505": "storage/constraint",
    "40001": "storage/database-conflict",
    "40P01": "storage/database-conflict",
    "42P01": "storage/database-failed",
    "53100": "storage/disk-full",
    "53300": "storage/database-unavailable",
    "55P03": "storage/database-busy",
    "57014": "storage/database-timeout",
    "57P01": "storage/database-unavailable",
    "08006": "storage/database-unavailable",
    "08P01": "storage/database-failed",
    "25006": "storage/not-writable",
    "58030": "storage/disk-failed",
    "28P01": "storage/database-refused",
    XX001: "storage/database-corrupt",
  };
  for (const [state, code] of Object.entries(expected)) {
    const error = codeOf(fromServer(state));
    assert.equal(error.code, code);
    assert.equal(error.details["outcome"], /^(57P|08006)/.test(state) ? "unknown" : "not-done");
  }
});

test("what sockets and pg say is told apart", () => {
  const expected: Record<string, string> = {
    "connect ECONNREFUSED 127.0.0.1:5432": "storage/database-unavailable",
    "Connection terminated unexpectedly": "storage/database-unavailable",
    "timeout exceeded when trying to connect": "storage/database-busy",
    "Query read timeout": "storage/database-timeout",
    "The server does not support SSL connections": "storage/database-refused",
    "self-signed certificate": "storage/database-refused",
    "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string": "storage/database-refused",
  };
  for (const [message, code] of Object.entries(expected)) assert.equal(codeOf(new Error(message)).code, code);
  const both = new AggregateError([new Error("connect ECONNREFUSED ::1:5432"), new Error("other")], "");
  assert.match(codeOf(both).message, /ECONNREFUSED ::1/);
});

test("no value reaches the message", () => {
  const invalid = codeOf(fromServer("22P02", 'invalid input syntax for type bigint: "my\nsecret"'));
  assert.equal(invalid.message, `it failed on ${location}: invalid input syntax for type bigint`);
  assert.doesNotMatch(JSON.stringify(codeOf(fromServer("23505"))), /somebody/);
});
