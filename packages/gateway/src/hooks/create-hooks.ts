// Makes the hooks of a configuration, once, and the chains of its routes from them.
import { HomegrownError } from "@homegrown/contracts";
import { BackgroundRunner } from "../routing/background-runner.ts";
import { HookChain } from "./hook-chain.ts";
import type { HookConfig } from "./hook-config.ts";
import type { Hook, JsonMasker } from "./hook.ts";
import { createMaskHook } from "./mask-hook.ts";
import { createRefuseHook } from "./refuse-hook.ts";

export interface HookDependencies {
  masker: JsonMasker;
  /** Where secrets come from. Default: the process's environment. */
  environment?: Readonly<Record<string, string | undefined>>;
}

export interface Hooks {
  /** The same chain for the same names; undefined for none. The configuration was checked: every name exists. */
  chain(names: readonly string[]): HookChain | undefined;
  /** Answers that hooks should have looked at and did not, because too many waited. */
  readonly unobserved: number;
  /** Ends what only looks on, and the connections to webhooks. Call when no request uses the hooks any more. */
  close(): Promise<void>;
}

const MAX_OBSERVERS = 8;
const MAX_WAITING_OBSERVERS = 256;

/** Loads what asks webhooks only where there is one. Rejects with `gateway/secret-missing`. */
export async function createHooks(
  configs: Readonly<Record<string, HookConfig>>,
  { masker, environment = process.env }: HookDependencies,
): Promise<Hooks> {
  const observers = new BackgroundRunner({ maxConcurrent: MAX_OBSERVERS, maxQueued: MAX_WAITING_OBSERVERS });
  const hasWebhook = Object.values(configs).some(({ kind }) => kind === "webhook");
  const webhooks = hasWebhook ? (await import("./webhook-hook.ts")).openWebhooks() : undefined;
  const create = (name: string, config: HookConfig): Hook => {
    if (config.kind === "mask") return createMaskHook(name, config, masker);
    if (config.kind === "refuse") return createRefuseHook(name, config);
    const secret = config.secret && readSecret(name, config.secret.env, environment);
    return webhooks!.create(name, config, secret);
  };
  const hooks = new Map(Object.entries(configs).map(([name, config]) => [name, create(name, config)]));
  const chains = new Map<string, HookChain>();
  return {
    chain(names) {
      if (names.length === 0) return undefined;
      const key = names.join(" ");
      let chain = chains.get(key);
      if (chain === undefined) {
        chain = new HookChain(
          names.map((name) => hooks.get(name)!),
          observers,
        );
        chains.set(key, chain);
      }
      return chain;
    },
    get unobserved() {
      return observers.dropped;
    },
    async close() {
      await observers.close();
      await webhooks?.close();
    },
  };
}

function readSecret(
  hook: string,
  variable: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const secret = environment[variable]?.trim();
  if (secret !== undefined && /^[\x21-\x7e]+$/.test(secret)) return secret;
  throw new HomegrownError({
    code: "gateway/secret-missing",
    kind: "invalid-input",
    message: `The hook ${JSON.stringify(hook)} takes its secret from the environment variable ${variable}, which is ${secret ? "not one line of printable characters" : "not set"}.`,
    hint: `Set ${variable} and start again.`,
    details: { hook, variable },
  });
}
