// What a person sees while their first model grows: each stage in a few lines, and one held-out text
// continued by the model again and again until it looks right.
import type { GrowStage } from "@homegrown/lifecycle";
import { formatBytes, formatCount, formatDuration, indent, toPrintable } from "../terminal/format.ts";
import type { Output } from "../terminal/output.ts";

const MAX_SHOWN_LINES = 7;

export interface Story {
  begin(): void;
  tell: (stage: GrowStage) => void;
}

export function createStory(output: Output, options: { minutes: number; size: string }): Story {
  return {
    begin() {
      output.print(
        `Growing a language model on this machine: ${options.minutes} min of training, size ${options.size}.`,
      );
      output.heading("Text");
    },
    tell: (stage) => tell(stage, output),
  };
}

function tell(stage: GrowStage, output: Output): void {
  switch (stage.stage) {
    case "text": {
      const { manifest } = stage.dataset;
      const { train, heldOut } = manifest.splits;
      const found = manifest.steps[0]?.documentsIn ?? train.documents;
      output.print(
        `  ${formatCount(train.documents + heldOut.documents)} of ${formatCount(found)} documents kept, ` +
          `${formatBytes(train.bytes + heldOut.bytes)} from ${manifest.sources.length} sources${stage.reused ? " (prepared before)" : ""}`,
      );
      output.print(
        `  ${formatCount(train.numTokens)} tokens to train on, ${heldOut.documents} documents held out, vocabulary ${manifest.tokenizer.vocabSize}`,
      );
      return;
    }
    case "showcase":
      output.heading("Training");
      output.print(`  Held out: the model never sees ${stage.showcase.document}. It begins`);
      output.print(quote(stage.showcase.prefix));
      output.print("  and goes on, in truth,");
      output.print(quote(stage.showcase.truth));
      output.print("  An order-5 byte model, counting the same text, goes on");
      output.print(quote(stage.baseline));
      return;
    case "sample":
      output.print(`  step ${stage.step}`);
      output.print(quote(stage.completion));
      return;
    case "pretrained": {
      const { result } = stage.run;
      output.print(
        `  ${formatCount(result.tokens)} tokens in ${formatDuration(result.seconds)} (${formatCount(result.tokensPerSecond)} tok/s, ` +
          `${formatBytes(result.peakMemoryBytes)} peak), loss ${result.finalLoss.toFixed(3)}, held-out ${result.heldOutLoss?.toFixed(3) ?? "-"}`,
      );
      return;
    }
    case "pairs": {
      const { splits } = stage.dataset.manifest;
      output.heading("Tuning for chat");
      output.print(
        `  ${formatCount(splits.train.documents)} (question, answer) pairs from the same text, ${splits.heldOut.documents} held out`,
      );
      return;
    }
    case "tuned": {
      const { result } = stage.run;
      output.print(
        `  ${result.steps} steps in ${formatDuration(result.seconds)}, loss on answers ${result.finalLoss.toFixed(3)}`,
      );
      output.heading("Measuring, comparing with the server, signing");
      return;
    }
    case "released":
      output.print(`  signed and registered as ${stage.version.reference}`);
  }
}

function quote(text: string): string {
  const lines = toPrintable(text).replace(/\n+$/, "").split("\n");
  const shown = lines.slice(0, MAX_SHOWN_LINES).map((line) => line.slice(0, 100));
  if (lines.length > MAX_SHOWN_LINES) shown.push("...");
  return indent(shown.map((line) => `│ ${line}`).join("\n"), 4);
}
