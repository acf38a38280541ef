import path from "node:path";
import { Command } from "commander";
import { defaultCorpus, summarizeDataset } from "@homegrown/data";
import { prepareText } from "@homegrown/lifecycle";
import { collect, parseCount, parseHeldOut, toSources } from "../arguments.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { formatBytes, formatCount, formatTable } from "../terminal/format.ts";
import { createOutput } from "../terminal/output.ts";

interface DataOptions {
  home: string;
  json: boolean;
  from?: string[];
  license?: string;
  vocab: number;
  heldOut: number;
  name?: string;
}

export function defineData(): Command {
  return new Command("data")
    .description(
      "Prepare text for training: clean, deduplicate, split, tokenize, pack; and count what each step kept.",
    )
    .option(
      "--from <path>",
      "folder, file or glob; repeat for several (default: packages under node_modules)",
      collect,
    )
    .option("--license <spdx>", "licence of that text, for the lineage")
    .option("--vocab <number>", "tokens of the vocabulary", parseCount, 2048)
    .option("--held-out <share>", "share of the text kept for measuring, at most 0.5", parseHeldOut, 0.02)
    .option("--name <name>", "name of the dataset (default: from its content)")
    .addHelpText("after", '\nExample:\n  homegrown data --from docs --from "src/**/*.ts" --vocab 4096')
    .action(async (options: DataOptions) => {
      const output = createOutput(options);
      const interruption = listenForInterrupt();
      try {
        const { dataset, reused } = await prepareText({
          home: path.resolve(options.home),
          sources: options.from ? toSources(options.from, options.license) : [defaultCorpus(process.cwd())],
          vocabSize: options.vocab,
          heldOutFraction: options.heldOut,
          ...(options.name !== undefined && { name: options.name }),
          signal: interruption.signal,
          onProgress: output.progress,
        });
        const { manifest, folder } = dataset;
        const rows = summarizeDataset(manifest).map(
          ({ step, documentsIn, documentsOut, bytesOut, dropped }) => [
            step,
            formatCount(documentsIn),
            formatCount(documentsOut),
            formatBytes(bytesOut),
            dropped,
          ],
        );
        output.print(formatTable(["step", "in", "kept", "bytes", "dropped"], rows));
        const { train, heldOut } = manifest.splits;
        output.print(
          `\n${formatCount(train.numTokens)} tokens to train on, ${formatCount(heldOut.numTokens)} held out, ` +
            `${(train.bytes / train.numTokens).toFixed(2)} bytes a token, rights: ${manifest.rights}`,
        );
        output.print(`${reused ? "Found" : "Wrote"} ${path.relative(process.cwd(), folder)}`);
        output.result({ folder, reused, manifestSha256: dataset.manifestSha256, manifest });
      } finally {
        interruption.dispose();
      }
    });
}
