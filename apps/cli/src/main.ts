// The command line: arguments in, one call, output out. Only the command that runs is loaded, so that
// --help answers at once.
import { Command } from "commander";
import { commands } from "./commands/index.ts";
import { EXIT, reportFailure } from "./exit.ts";

export async function main(args: readonly string[]): Promise<void> {
  // `homegrown train | head -1`, or a terminal that was closed: the reader left, the work goes on.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
  try {
    const program = await createProgram(args);
    await program.parseAsync([...args], { from: "user" });
    process.exitCode ??= EXIT.done;
  } catch (error) {
    process.exitCode = reportFailure(error, {
      debug: args.includes("--debug"),
      json: args.includes("--json"),
    });
  }
}

async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("homegrown")
    .description("Grow, measure, sign and serve language models of your own.")
    .version("0.1.0")
    .exitOverride()
    .showHelpAfterError("(run with --help for the options and an example)")
    .configureHelp({ sortSubcommands: false });
  for (const { name, summary, load } of commands) {
    const wanted = args.includes(name);
    program.addCommand(
      wanted ? withCommonOptions((await load()).summary(summary)) : new Command(name).description(summary),
    );
  }
  program.addHelpText(
    "after",
    "\nFirst steps:\n  homegrown up             grow a first model from this folder's packages and serve it\n  homegrown up --data DIR  the same from your own text\n  homegrown chat           talk to it",
  );
  return program;
}

/** `--home`, `--json` and `--debug` mean the same on every command, so they are added in one place. */
function withCommonOptions(command: Command): Command {
  command.exitOverride();
  if (command.commands.length > 0) {
    for (const child of command.commands) withCommonOptions(child);
    return command;
  }
  return command
    .option(
      "--home <folder>",
      "where models, runs and data live",
      process.env["HOMEGROWN_HOME"] || ".homegrown",
    )
    .option("--json", "print the result as JSON on standard output", false)
    .option("--debug", "print stacks of errors", false);
}
