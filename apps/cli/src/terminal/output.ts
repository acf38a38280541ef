import type { ProgressEvent } from "@homegrown/contracts";
import { toPrintable } from "./format.ts";
import { createProgressLine, type ProgressLine } from "./progress-line.ts";

/**
 * Where a command's words go: results to standard output, progress and remarks to standard error.
 * With `--json` standard output holds one JSON value and nothing else. Text may come from files and models:
 * nothing in it can steer the terminal.
 */
export interface Output {
  readonly json: boolean;
  /** A line of the result; silent with `--json`. */
  print(text?: string): void;
  /** A heading before a part of longer work; silent with `--json`. */
  heading(text: string): void;
  /** The whole result for machines; printed only with `--json`. */
  result(value: unknown): void;
  progress(event: ProgressEvent): void;
  /** A line beside the result, on standard error, also with `--json`. */
  remark(line: string): void;
  /** Ends a live progress line, so that ordinary text can follow. */
  settle(): void;
}

export function createOutput(options: { json: boolean }): Output {
  const line: ProgressLine = createProgressLine(process.stderr);
  const style = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
  return {
    json: options.json,
    print(text = "") {
      if (options.json) return;
      line.settle();
      process.stdout.write(`${toPrintable(text)}\n`);
    },
    heading(text) {
      if (options.json) return;
      line.settle();
      process.stdout.write(style ? `\n\u001b[1m${text}\u001b[0m\n` : `\n${text}\n`);
    },
    result(value) {
      if (!options.json) return;
      line.settle();
      process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    progress: (event) => line.show(event),
    remark(text) {
      line.settle();
      process.stderr.write(`${toPrintable(text)}\n`);
    },
    settle: () => line.settle(),
  };
}
