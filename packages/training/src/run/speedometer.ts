/** Recent speed, from the last steps only: what a machine does now, not what it did at the start. */
export interface Speedometer {
  /** `stepSeconds` of the step alone, `elapsedSeconds` with an evaluation that followed. */
  add(tokens: number, stepSeconds: number, elapsedSeconds: number): void;
  readonly tokensPerSecond: number;
  /** Evaluations included: what is left takes so long. */
  readonly secondsPerStep: number;
}

const length = 50;

export function createSpeedometer(): Speedometer {
  const recent: { tokens: number; stepSeconds: number; elapsedSeconds: number }[] = [];
  const sum = (key: "tokens" | "stepSeconds" | "elapsedSeconds"): number =>
    recent.reduce((total, entry) => total + entry[key], 0);
  return {
    add(tokens, stepSeconds, elapsedSeconds) {
      recent.push({ tokens, stepSeconds, elapsedSeconds });
      if (recent.length > length) recent.shift();
    },
    get tokensPerSecond() {
      return recent.length === 0 ? 0 : sum("tokens") / sum("stepSeconds");
    },
    get secondsPerStep() {
      return recent.length === 0 ? 0 : sum("elapsedSeconds") / recent.length;
    },
  };
}
