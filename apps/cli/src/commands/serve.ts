import cluster from "node:cluster";
import { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { parseCount, parsePort } from "../arguments.ts";
import { readConfiguration, withConfigOption } from "../gateway/configuration.ts";
import type { Configuration } from "../gateway/configuration.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { hasOwnModels } from "../serving/late-own-models.ts";
import type { Listening } from "../serving/open-gateway.ts";
import { serveAlone } from "../serving/serve-alone.ts";
import { createLineWriter } from "../terminal/line-writer.ts";
import { createOutput } from "../terminal/output.ts";
import type { Output } from "../terminal/output.ts";
import { createServingLog } from "../terminal/serving-log.ts";

interface ServeCommandOptions {
  home: string;
  json: boolean;
  config?: string;
  host?: string;
  port?: number;
  processes?: number;
}

const MAX_SHOWN = 12;

export function defineServe(): Command {
  return withConfigOption(
    new Command("serve")
      .description("Serve own and rented models to OpenAI and Anthropic clients, on one address.")
      .option(
        "--host <address>",
        "address to bind; other than loopback once a key exists (default: 127.0.0.1)",
      )
      .option("--port <number>", "port; 0 takes a free one (default: 8080)", parsePort)
      .option(
        "--processes <number>",
        "processes that share the port, on as many free cores (default: 1)",
        parseCount,
      )
      .addHelpText(
        "after",
        [
          "\nThe configuration may set all of these; it is read again when its file changes, and on SIGHUP.",
          "\nExample:",
          "  homegrown serve --port 8080",
          "  curl http://127.0.0.1:8080/v1/models",
        ].join("\n"),
      ),
  ).action(async (options: ServeCommandOptions) => {
    if (cluster.isWorker) return (await import("../serving/worker.ts")).runWorker();
    return serve(options);
  });
}

async function serve(options: ServeCommandOptions): Promise<void> {
  const output = createOutput(options);
  const lines = createLineWriter(process.stderr);
  const interruption = listenForInterrupt(() =>
    output.print("\nFinishing running requests; again to stop at once."),
  );
  try {
    const configuration = await readConfiguration(options);
    const { config } = configuration;
    if (Object.keys(config.providers).length === 0 && !(await hasOwnModels(options.home))) {
      throw nothingToServe(options.home);
    }
    const processes = options.processes ?? config.processes;
    const serving = {
      home: options.home,
      json: options.json,
      configuration,
      processes,
      host: options.host ?? config.host,
      port: options.port ?? config.port,
      log: createServingLog({ json: options.json, write: lines.write }),
      signal: interruption.signal,
      onListening: (listening: Listening) => announce(output, listening, configuration, processes),
    };
    if (processes === 1) await serveAlone(serving);
    else await (await import("../serving/serve-shared.ts")).serveShared(serving);
  } finally {
    interruption.dispose();
    lines.flush();
  }
}

function announce(output: Output, listening: Listening, { file }: Configuration, processes: number): void {
  const { url, models, hasKeys, state } = listening;
  const shown = models.length > MAX_SHOWN ? [...models.slice(0, MAX_SHOWN), `… (${models.length})`] : models;
  const served = models.length === 0 ? "no model name yet" : shown.join(", ");
  output.print(`Serving ${served} on ${url}/v1 (Ctrl+C stops)`);
  if (file !== undefined) output.print(`  configuration  ${file}`);
  output.print(`  state          ${state}`);
  if (processes > 1) output.print(`  processes      ${processes}`);
  if (!hasKeys) {
    output.print("  keys           none yet: for this machine only; see `homegrown keys create --help`");
  }
  output.result({ url, models, configuration: file ?? null, state, processes, hasKeys });
}

function nothingToServe(home: string): HomegrownError {
  return new HomegrownError({
    code: "cli/no-models",
    kind: "not-found",
    message: `there is no model with a champion in ${home}, and no configuration with a provider`,
    hint: "Grow one with `homegrown up`, bring one in with `homegrown models import FILE.gguf --name NAME --license LICENCE`, or name a provider in homegrown.config.ts.",
  });
}
