import { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { startGateway } from "@homegrown/gateway";
import { parsePort } from "../arguments.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { openOwnModels } from "../own-models.ts";
import { serveUntilInterrupted } from "../serving-loop.ts";
import { createOutput } from "../terminal/output.ts";
import { createServingLog } from "../terminal/serving-log.ts";

export function defineServe(): Command {
  return new Command("serve")
    .description("Serve the champions of all models to OpenAI clients.")
    .option("--host <address>", "loopback address to bind", "127.0.0.1")
    .option("--port <number>", "port; 0 takes a free one", parsePort, 8080)
    .addHelpText("after", "\nExample:\n  homegrown serve --port 8080\n  curl http://127.0.0.1:8080/v1/models")
    .action(async (options: { home: string; json: boolean; host: string; port: number }) => {
      const output = createOutput(options);
      const interruption = listenForInterrupt(() =>
        output.print("\nFinishing running requests; again to stop at once."),
      );
      const log = createServingLog({ json: options.json, write: output.remark });
      const models = await openOwnModels({ home: options.home, onEvent: log.event });
      try {
        const listed = await models.pool.list();
        if (listed.length === 0) throw nothingToServe(options.home);
        const { host, port } = options;
        const gateway = await startGateway({ directory: models.pool, host, port, onRequest: log.request });
        output.result({ url: gateway.url, models: listed.map(({ id }) => id) });
        await serveUntilInterrupted({
          directory: models.pool,
          gateway,
          output,
          signal: interruption.signal,
        });
      } finally {
        interruption.dispose();
        await models.close();
      }
    });
}

function nothingToServe(home: string): HomegrownError {
  return new HomegrownError({
    code: "cli/no-models",
    kind: "not-found",
    message: `there is no model with a champion in ${home}`,
    hint: "Grow one with `homegrown up`, or bring one in with `homegrown models import FILE.gguf --name NAME --license LICENCE`.",
  });
}
