// Does the server compute what was trained? From text on: rendered conversations byte by byte, ids, stop
// ids, then the log-probability of every observed token. Equal ids with a wrong template, or equal logits
// after a wrong tokenizer, would both serve another model than the one that was measured.
// A conversation that ends in an answer is compared as it was trained (the request's ids, the answer's own ids,
// the end of the turn: what the server reads and then writes) and as a whole (what a server reads as history).
// Invariant: `passed` exactly when no failure was found; a score that is not finite is a failure.
import type { ChatMessage, ModelInspection, ParityResult, ProgressListener } from "@homegrown/contracts";
import { parityBound, type ParityBound } from "./bounds.ts";
import { firstByteDifference, firstIdDifference } from "./first-difference.ts";
import type { TrainerSide } from "./trainer-side.ts";

export interface ParityInput {
  /** Held-out texts; 64 for a version that is to be served. */
  passages: readonly string[];
  /** Ending with the assistant's answer; 16 for a version that is to be served. */
  conversations: readonly (readonly ChatMessage[])[];
  trainer: TrainerSide;
  server: ModelInspection;
  weightType: string;
  /** By default what `parityBound` says of the weight type and the server's cache type. */
  bound?: ParityBound;
  /** Ids scored of each text at most, the leading one included; both sides must take that many. 256 by default. */
  maxIds?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

const MAX_FAILURES = 20;

/**
 * Compares trainer and server; never throws for a difference, only when one side fails to answer.
 * @throws HomegrownError `evaluation/no-parity-bound` for an unknown weight type without `bound`
 */
export async function checkParity(input: ParityInput): Promise<ParityResult> {
  const { passages, conversations, trainer, server, weightType, signal } = input;
  const bound = input.bound ?? parityBound(weightType, server.cacheType);
  const run = new Comparison(input.maxIds ?? 256);
  const serverStopIds = await server.stopIds();
  run.compareStopIds(trainer.stopIds, serverStopIds);
  const total = passages.length + conversations.length;
  let done = 0;
  const advance = (): void => {
    done += 1;
    input.onProgress?.({ event: "check-parity", done, total, unit: "texts" });
    signal?.throwIfAborted();
  };
  for (const [index, passage] of passages.entries()) {
    const name = `passage ${index + 1}`;
    const ids = trainer.tokenize(passage);
    run.compareIds(name, ids, await server.tokenize(passage));
    await run.compareScores(name, [trainer.endOfTextId, ...ids], trainer, server);
    advance();
  }
  for (const [index, messages] of conversations.entries()) {
    const name = `conversation ${index + 1}`;
    const answer =
      messages.length > 1 && messages.at(-1)!.role === "assistant" ? messages.at(-1)! : undefined;
    const request =
      answer && (await run.compareChat(`${name}, prompt`, messages.slice(0, -1), trainer, server));
    const whole = await run.compareChat(name, messages, trainer, server);
    if (answer && request) {
      const ours = [...trainer.tokenize(answer.content), trainer.endOfTurnId];
      // What the server itself writes behind the answer and stops at, not what the trainer calls so.
      const ending = whole.server.findLast((id) => serverStopIds.includes(id));
      const theirs = [...(await server.tokenize(answer.content)), ...(ending === undefined ? [] : [ending])];
      run.compareIds(`${name}, answer`, ours, theirs);
      const trained = [...request.trainer, ...ours];
      // Mostly the whole conversation begins with these very ids; then its scores hold theirs.
      if (trained.some((id, i) => id !== whole.trainer[i])) {
        await run.compareScores(`${name}, as trained`, trained, trainer, server);
      }
    }
    await run.compareScores(name, whole.trainer, trainer, server);
    advance();
  }
  return run.toResult(input, bound);
}

class Comparison {
  #failures: string[] = [];
  #numFailures = 0;
  #tokensCompared = 0;
  #sum = 0;
  #max = 0;
  #maxPlace = "";
  #renderedBytesEqual = true;
  #idsEqual = true;
  #stopIdsEqual = true;
  readonly #maxIds: number;

  constructor(maxIds: number) {
    this.#maxIds = maxIds;
  }

  compareStopIds(trainer: readonly number[], server: readonly number[]): void {
    const [ours, theirs] = [toSortedSet(trainer), toSortedSet(server)];
    if (firstIdDifference(ours, theirs) === undefined) return;
    this.#stopIdsEqual = false;
    this.#fail(`stop ids: trainer has [${ours.join(", ")}], server has [${theirs.join(", ")}]`);
  }

  compareIds(name: string, trainer: readonly number[], server: readonly number[]): void {
    const difference = firstIdDifference(trainer, server);
    if (difference === undefined) return;
    this.#idsEqual = false;
    this.#fail(`${name}, ${difference}`);
  }

  async compareChat(
    name: string,
    messages: readonly ChatMessage[],
    trainer: TrainerSide,
    server: ModelInspection,
  ): Promise<{ trainer: readonly number[]; server: readonly number[] }> {
    const difference = firstByteDifference(trainer.renderChat(messages), await server.renderChat(messages));
    if (difference !== undefined) {
      this.#renderedBytesEqual = false;
      this.#fail(`${name}, rendered ${difference}`);
    }
    const ids = { trainer: trainer.encodeChat(messages), server: await server.encodeChat(messages) };
    this.compareIds(name, ids.trainer, ids.server);
    return ids;
  }

  /** Both sides score the trainer's ids, so that one wrong id is not counted again as wrong scores. */
  async compareScores(
    name: string,
    allIds: readonly number[],
    trainer: TrainerSide,
    server: ModelInspection,
  ): Promise<void> {
    const ids = allIds.slice(0, this.#maxIds);
    if (ids.length < 2) return;
    const ours = await trainer.scorer.logProbabilities(ids);
    const theirs = await server.scoreTokens(ids);
    if (ours.length !== ids.length - 1 || theirs.length !== ids.length - 1) {
      this.#fail(
        `${name}: ${ids.length} ids scored as ${ours.length} (trainer) and ${theirs.length} (server)`,
      );
      return;
    }
    for (let i = 0; i < ours.length; i++) {
      const difference = Math.abs(ours[i]! - theirs[i]!);
      if (!Number.isFinite(difference)) {
        this.#fail(`${name}, id ${i + 1}: log-probabilities ${ours[i]} (trainer) and ${theirs[i]} (server)`);
        return;
      }
      this.#sum += difference;
      this.#tokensCompared += 1;
      if (difference > this.#max) {
        this.#max = difference;
        this.#maxPlace = `${name}, id ${i + 1}: ${ours[i]!.toFixed(5)} (trainer), ${theirs[i]!.toFixed(5)} (server)`;
      }
    }
  }

  toResult(input: ParityInput, bound: ParityBound): ParityResult {
    const mean = this.#tokensCompared === 0 ? 0 : this.#sum / this.#tokensCompared;
    if (this.#tokensCompared === 0) this.#fail("no token was compared");
    if (mean > bound.mean) {
      this.#fail(`mean log-probability difference ${mean.toExponential(2)} over ${bound.mean}`);
    }
    if (this.#max > bound.max) {
      this.#fail(
        `largest log-probability difference ${this.#max.toExponential(2)} over ${bound.max} at ${this.#maxPlace}`,
      );
    }
    const unlisted = this.#numFailures - this.#failures.length;
    return {
      weightType: input.weightType,
      cacheType: input.server.cacheType,
      passages: input.passages.length,
      conversations: input.conversations.length,
      tokensCompared: this.#tokensCompared,
      renderedBytesEqual: this.#renderedBytesEqual,
      idsEqual: this.#idsEqual,
      stopIdsEqual: this.#stopIdsEqual,
      meanLogProbabilityDifference: mean,
      maxLogProbabilityDifference: this.#max,
      bound: { ...bound },
      passed: this.#numFailures === 0,
      failures: unlisted > 0 ? [...this.#failures, `and ${unlisted} more`] : this.#failures,
    };
  }

  /** The bounds' failures come last and must not be crowded out by the texts'. */
  #fail(failure: string): void {
    this.#numFailures += 1;
    if (this.#failures.length < MAX_FAILURES || failure.includes("log-probability difference")) {
      this.#failures.push(failure);
    }
  }
}

function toSortedSet(ids: readonly number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}
