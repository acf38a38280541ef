// Which aliases move, as plain data: a promotion or a rollback is a short list of moves that is applied to the
// database in one transaction and kept as history. Replaying a name's history gives where its aliases point.
import type { Alias } from "./references.ts";

/** Version numbers by alias; an alias that points nowhere is absent. */
export type AliasState = Readonly<Partial<Record<Alias, number>>>;

export interface AliasMove {
  alias: Alias;
  from: number | null;
  to: number | null;
}

/**
 * Moves that make `number` the `alias`. A new champion leaves the old one as `previous`, and is no candidate
 * any more. Empty when it is that already.
 */
export function movesToPromote(
  state: AliasState,
  alias: Exclude<Alias, "previous">,
  number: number,
): AliasMove[] {
  const current = state[alias];
  if (current === number) return [];
  const moves: AliasMove[] = [{ alias, from: current ?? null, to: number }];
  if (alias !== "champion") return moves;
  if (current !== undefined) moves.push({ alias: "previous", from: state.previous ?? null, to: current });
  if (state.candidate === number) moves.push({ alias: "candidate", from: number, to: null });
  return moves;
}

/** Champion and previous change places, so a second rollback undoes the first; undefined without a previous. */
export function movesToRollBack(state: AliasState): AliasMove[] | undefined {
  const { champion, previous } = state;
  if (champion === undefined || previous === undefined) return undefined;
  return [
    { alias: "champion", from: champion, to: previous },
    { alias: "previous", from: previous, to: champion },
  ];
}

export function applyMoves(state: AliasState, moves: readonly AliasMove[]): AliasState {
  const next: Partial<Record<Alias, number>> = { ...state };
  for (const { alias, to } of moves) {
    if (to === null) delete next[alias];
    else next[alias] = to;
  }
  return next;
}
