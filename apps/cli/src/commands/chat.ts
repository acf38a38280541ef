import { createInterface } from "node:readline";
import { Command } from "commander";
import { HomegrownError, type ChatMessage, type ChatModel } from "@homegrown/contracts";
import { parseCount, parseSeed, parseTemperature } from "../arguments.ts";
import { interrupted, listenForInterrupt } from "../interrupt.ts";
import { openOwnModels } from "../own-models.ts";
import { streamAnswer } from "../stream-answer.ts";
import { toPrintable } from "../terminal/format.ts";
import { createOutput } from "../terminal/output.ts";
import { createServingLog } from "../terminal/serving-log.ts";

const PROMPT = "\n> ";

interface ChatOptions {
  home: string;
  json: boolean;
  message?: string;
  temperature: number;
  maxTokens: number;
  seed?: number;
}

export function defineChat(): Command {
  return new Command("chat")
    .description("Talk to a model of yours.")
    .argument("[model]", "name of the model; the newest when left out")
    .option("-m, --message <text>", "ask this one question and exit")
    .option("--temperature <number>", "0 always takes the likeliest token", parseTemperature, 0.7)
    .option("--max-tokens <number>", "longest answer, in tokens", parseCount, 256)
    .option("--seed <number>", "same seed, same answer", parseSeed)
    .addHelpText(
      "after",
      '\nExample:\n  homegrown chat\n  homegrown chat first -m "Declare a function that reads a file."',
    )
    .action(async (model: string | undefined, options: ChatOptions) => {
      const output = createOutput(options);
      const interruption = listenForInterrupt();
      const log = createServingLog({ json: options.json, write: output.remark });
      const models = await openOwnModels({
        home: options.home,
        onEvent: (event) => {
          if (event.event === "model-skip" || event.event === "host-crash") log.event(event);
        },
      });
      try {
        const name = model ?? (await newestModel(models.pool));
        const lease = await models.pool.acquire(name);
        try {
          if (options.message !== undefined) {
            await askOnce(lease.chat, name, options.message, options, interruption.signal);
          } else {
            output.print(`Talking to ${lease.version}. An empty line ends the conversation.`);
            await converse(lease.chat, options, interruption.signal);
          }
        } finally {
          lease.release();
        }
      } finally {
        interruption.dispose();
        await models.close();
      }
    });
}

async function newestModel(pool: {
  list(): Promise<readonly { id: string; createdAt: Date }[]>;
}): Promise<string> {
  const listed = [...(await pool.list())].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const newest = listed[0];
  if (newest) return newest.id;
  throw new HomegrownError({
    code: "cli/no-models",
    kind: "not-found",
    message: "there is no model to talk to yet",
    hint: "Grow one with `homegrown up`.",
  });
}

async function askOnce(
  chat: ChatModel,
  model: string,
  question: string,
  options: ChatOptions,
  signal: AbortSignal,
): Promise<void> {
  const output = createOutput(options);
  const answer = await streamAnswer(chat, [{ role: "user", content: question }], {
    ...options,
    signal,
    onText: (text) => {
      if (!options.json) process.stdout.write(toPrintable(text));
    },
  });
  output.print();
  output.result({ model, question, ...answer });
}

/** Until an empty line, the end of the input, or Ctrl+C. Lines that come during an answer wait for its end. */
async function converse(chat: ChatModel, options: ChatOptions, signal: AbortSignal): Promise<void> {
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    prompt: PROMPT,
  });
  let isOpen = true;
  terminal.once("close", () => (isOpen = false));
  // A terminal that is read key by key makes no signal of Ctrl+C.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const close = (): void => terminal.close();
  signal.addEventListener("abort", close, { once: true });
  const messages: ChatMessage[] = [];
  try {
    terminal.prompt();
    for await (const question of terminal) {
      if (question.trim() === "") return;
      messages.push({ role: "user", content: question });
      const answer = await streamAnswer(chat, messages, {
        ...options,
        signal,
        onText: (text) => void process.stdout.write(toPrintable(text)),
      });
      process.stdout.write("\n");
      messages.push({ role: "assistant", content: answer.text });
      // Piped lines wait here when their pipe has ended already.
      if (isOpen) terminal.prompt();
      else process.stdout.write(PROMPT);
    }
    if (signal.aborted) throw interrupted();
  } finally {
    signal.removeEventListener("abort", close);
    terminal.close();
  }
}
