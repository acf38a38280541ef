// `metrics.jsonl`: one line for each step and each held-out evaluation, in order, each step once. It holds
// nothing that differs between two runs of one manifest (no times), so a resumed run's file is byte-equal
// to the uninterrupted one's. Lines are appended without waiting for the disk: every checkpoint carries the
// file so far, and resuming starts from that copy.
import { appendFile, readFile } from "node:fs/promises";
import { writeFileAtomic } from "@homegrown/storage";

export type MetricsLine =
  | {
      readonly event: "train-step";
      /** Steps done, from 1. */
      readonly step: number;
      readonly batch: number;
      /** Nats per token, before the step. */
      readonly loss: number;
      /** Before clipping. */
      readonly gradientNorm: number;
      readonly learningRate: number;
      /** Trained on so far. */
      readonly tokens: number;
    }
  | {
      readonly event: "evaluate-held-out";
      readonly step: number;
      /** Nats per token. */
      readonly loss: number;
      readonly tokens: number;
    };

export class MetricsFile {
  readonly path: string;
  #content = "";

  constructor(path: string) {
    this.path = path;
  }

  /** The whole file so far. */
  get content(): string {
    return this.#content;
  }

  /** Makes `content` the file's, dropping what an interrupted process had appended past it. */
  async restore(content: string): Promise<void> {
    await writeFileAtomic(this.path, content);
    this.#content = content;
  }

  async append(line: MetricsLine): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    await appendFile(this.path, text);
    this.#content += text;
  }
}

/** The lines of a metrics file; a last line that a killed process left unfinished is dropped. */
export async function readMetrics(path: string): Promise<MetricsLine[]> {
  const text = await readFile(path, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as MetricsLine);
}
