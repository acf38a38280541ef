import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { applyMoves, movesToPromote, movesToRollBack } from "./alias-moves.ts";
import type { AliasMove, AliasState } from "./alias-moves.ts";

const number = fc.integer({ min: 1, max: 4 });
const action = fc.oneof(
  fc.record({ kind: fc.constant("champion" as const), number }),
  fc.record({ kind: fc.constant("candidate" as const), number }),
  fc.record({ kind: fc.constant("rollback" as const) }),
);

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function plan(state: AliasState, step: Action): AliasMove[] {
  return step.kind === "rollback"
    ? (movesToRollBack(state) ?? [])
    : movesToPromote(state, step.kind, step.number);
}

test("replaying the history gives the current state, forwards and backwards", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (steps) => {
      let state: AliasState = {};
      const history: AliasMove[] = [];
      for (const step of steps) {
        const moves = plan(state, step);
        // Every move says truly where the alias pointed, so the history can also be walked back.
        for (const { alias, from } of moves) assert.equal(state[alias] ?? null, from);
        state = applyMoves(state, moves);
        history.push(...moves);
      }
      assert.deepEqual(applyMoves({}, history), state);
      const undone = history.toReversed().map(({ alias, from, to }) => ({ alias, from: to, to: from }));
      assert.deepEqual(applyMoves(state, undone), {});
    }),
  );
});

test("champion and previous never point to one version, and rolling back twice changes nothing", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (steps) => {
      let state: AliasState = {};
      for (const step of steps) {
        state = applyMoves(state, plan(state, step));
        if (step.kind === "champion") assert.equal(state.champion, step.number);
        if (state.previous !== undefined) assert.notEqual(state.champion, state.previous);
        const once = movesToRollBack(state);
        if (!once) continue;
        const back = applyMoves(state, once);
        assert.deepEqual(applyMoves(back, movesToRollBack(back)!), state);
      }
    }),
  );
});
