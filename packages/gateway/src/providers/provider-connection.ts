import { UpstreamError } from "../core/upstream-errors.ts";
import type { ProviderConfig, SecretReference } from "./provider-config.ts";
import type { Connection } from "./provider-kind.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configured provider with its secrets at hand. `name` stands in errors. */
export function connect<C extends ProviderConfig>(
  name: string,
  config: C,
  environment: Environment,
  fetch: typeof globalThis.fetch,
): Connection<C> {
  const secret = ({ env }: SecretReference): string => {
    const value = environment[env]?.trim();
    if (value !== undefined && value !== "" && !/[\r\n\0]/.test(value.startsWith("{") ? "" : value))
      return value;
    throw new UpstreamError({
      fault: "unauthenticated",
      target: name,
      message: `the environment variable ${env} ${value === undefined || value === "" ? "is not set" : "holds more than one line"}`,
    });
  };
  return {
    config,
    secret,
    fetch,
    headers: () =>
      Object.fromEntries(
        Object.entries(config.headers ?? {}).map(([header, value]) => [
          header.toLowerCase(),
          typeof value === "string" ? value : secret(value),
        ]),
      ),
  };
}
