// Which configuration a command goes by, and where the state is that it names.
import path from "node:path";
import type { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { findConfig, loadConfig, openGatewayDatabase, parseConfig } from "@homegrown/gateway";
import type { GatewayConfig, GatewayDatabase } from "@homegrown/gateway";
import { ensureFolder, homePaths } from "@homegrown/storage";
import { readSecretFiles } from "./secret-files.ts";

export interface ConfigurationOptions {
  home: string;
  config?: string;
}

export interface Configuration {
  readonly config: GatewayConfig;
  /** Undefined where there is no file: everything has its default. */
  readonly file: string | undefined;
  /** SHA-256 of the file when it was read. */
  readonly digest: string | undefined;
}

export function withConfigOption(command: Command): Command {
  return command.option(
    "--config <file>",
    "the gateway's configuration (default: homegrown.config.ts, .js, .mjs or .json in this folder, if there is one)",
  );
}

/** Throws what `loadConfig` throws, for a file that was named or found. */
export async function readConfiguration({ config: named }: ConfigurationOptions): Promise<Configuration> {
  // Before the file runs: it may look at them.
  readSecretFiles();
  const file = named ?? (await findConfig(process.cwd()));
  if (file === undefined) {
    return { config: parseConfig({}, "no configuration"), file: undefined, digest: undefined };
  }
  const { config, path: absolute, digest } = await loadConfig(file);
  return { config, file: absolute, digest };
}

/**
 * Keys, budgets and ledger: in Postgres when the configuration says so, else in the home. Throws
 * `cli/state-not-set`, or what the database throws.
 */
export async function openState(
  home: string,
  { state }: GatewayConfig,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<GatewayDatabase> {
  if (state.postgres !== undefined) {
    const url = environment[state.postgres.env];
    // To fall back to a file would give every budget a second time.
    if (url === undefined || url === "") throw stateNotSet(state.postgres.env);
    return openGatewayDatabase({ kind: "postgres", url });
  }
  const { root, database } = homePaths(path.resolve(home));
  await ensureFolder(root);
  return openGatewayDatabase({ kind: "sqlite", file: database, synchronous: state.synchronous });
}

/** The frame of every command that reads or changes the state: open, run, close. */
export async function withState<Result>(
  options: ConfigurationOptions,
  run: (database: GatewayDatabase, configuration: Configuration) => Promise<Result>,
): Promise<Result> {
  const configuration = await readConfiguration(options);
  const database = await openState(options.home, configuration.config);
  try {
    return await run(database, configuration);
  } finally {
    await database.close();
  }
}

function stateNotSet(name: string): HomegrownError {
  return new HomegrownError({
    code: "cli/state-not-set",
    kind: "invalid-input",
    message: `the configuration's state.postgres names the environment variable ${name}, which is not set`,
    hint: `Set ${name} to the connection string (postgres://user:password@host/database), or remove state.postgres to keep the state in the home.`,
  });
}
