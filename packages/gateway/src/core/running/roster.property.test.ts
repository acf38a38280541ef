import assert from "node:assert/strict";
import { it } from "node:test";
import * as fc from "fast-check";
import { Roster } from "./roster.ts";

it("holds what a Set would hold", () => {
  const command = fc.tuple(fc.constantFrom("add", "remove", "remove", "clear"), fc.nat(9));
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const items = Array.from({ length: 10 }, (_, name) => ({ name, place: -1 }));
      const roster = new Roster<(typeof items)[0]>();
      const other = new Roster<(typeof items)[0]>();
      const expected = new Set<(typeof items)[0]>();
      for (const [what, index] of commands) {
        const item = items[index]!;
        if (what === "add" && !expected.has(item)) {
          roster.add(item);
          expected.add(item);
        } else if (what === "remove") {
          assert.equal(other.remove(item), false);
          assert.equal(roster.remove(item), expected.delete(item));
        } else if (what === "clear" && index === 0) {
          roster.clear();
          expected.clear();
        }
        assert.equal(roster.size, expected.size);
        assert.deepEqual(new Set(roster.list()), expected);
      }
    }),
    { numRuns: 300 },
  );
});
