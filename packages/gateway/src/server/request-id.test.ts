import assert from "node:assert/strict";
import { it } from "node:test";
import { newRequestId, toRequestId } from "./request-id.ts";

it("new ids are UUIDs of version 7: none twice, and later ones are larger", async () => {
  const ids = new Set<string>();
  for (let i = 0; i < 1000; i++) ids.add(newRequestId());
  assert.equal(ids.size, 1000);
  for (const id of ids) {
    assert.match(id, /^req_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  await new Promise((resolve) => setTimeout(resolve, 3));
  const later = newRequestId();
  for (const id of ids) assert.ok(later > id);
});

it("a client's id is kept as far as headers and logs may hold it", () => {
  assert.equal(toRequestId("a.b_c:d-1"), "a.b_c:d-1");
  assert.equal(toRequestId("a b\r\nc"), "abc");
  assert.equal(toRequestId("x".repeat(500)).length, 128);
  assert.match(toRequestId("\u{1f600}"), /^req_/);
});
