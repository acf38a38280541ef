// What one step of preparation was given, let through and dropped, with reasons, for the manifest.
// Invariant at the end: documentsIn = documentsOut + all dropped.
import type { DatasetStep } from "@homegrown/contracts";

export class StepCounter {
  readonly name: string;
  readonly #dropped = new Map<string, { documents: number; bytes: number }>();
  #documentsIn = 0;
  #bytesIn = 0;
  #documentsOut = 0;
  #bytesOut = 0;

  constructor(name: string) {
    this.name = name;
  }

  get documentsIn(): number {
    return this.#documentsIn;
  }

  get documentsOut(): number {
    return this.#documentsOut;
  }

  enter(bytes: number): void {
    this.#documentsIn++;
    this.#bytesIn += bytes;
  }

  keep(bytes: number): void {
    this.#documentsOut++;
    this.#bytesOut += bytes;
  }

  drop(reason: string, bytes: number): void {
    const entry = this.#dropped.get(reason) ?? { documents: 0, bytes: 0 };
    this.#dropped.set(reason, { documents: entry.documents + 1, bytes: entry.bytes + bytes });
  }

  toStep(): DatasetStep {
    return {
      name: this.name,
      documentsIn: this.#documentsIn,
      bytesIn: this.#bytesIn,
      documentsOut: this.#documentsOut,
      bytesOut: this.#bytesOut,
      dropped: [...this.#dropped]
        .map(([reason, counts]) => ({ reason, ...counts }))
        .sort((a, b) => b.documents - a.documents || (a.reason < b.reason ? -1 : 1)),
    };
  }
}
