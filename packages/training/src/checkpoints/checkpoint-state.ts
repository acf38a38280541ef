// `state.json` of a checkpoint: everything that is no tensor, and the hashes of the files beside it. The
// state carries its own hash, so what parses and matches is what some run of this code wrote.
import { sha256 } from "@homegrown/storage";

export interface CheckpointState {
  readonly schemaVersion: 1;
  /** Of the run's manifest: a checkpoint of another run does not match. */
  readonly manifestSha256: string;
  /** Optimizer steps done. */
  readonly step: number;
  readonly tokens: number;
  /** Training time so far, over all resumed parts. */
  readonly seconds: number;
  readonly recentLosses: readonly number[];
  /** Of the last evaluation, if any. */
  readonly heldOutLoss: number | null;
  /** Whether `heldOutLoss` was measured at this very step: only then it can be the best. */
  readonly heldOutMeasuredHere: boolean;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

export function formatState(state: CheckpointState): string {
  return `${JSON.stringify({ sha256: sha256(JSON.stringify(state)), state })}\n`;
}

/** Undefined when the text is not whole or not what `formatState` made. */
export function parseState(text: string): CheckpointState | undefined {
  try {
    const { sha256: expected, state } = JSON.parse(text) as { sha256: string; state: CheckpointState };
    return sha256(JSON.stringify(state)) === expected ? state : undefined;
  } catch {
    return undefined;
  }
}
