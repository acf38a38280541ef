import { HomegrownError } from "@homegrown/contracts";
import { checkReferences } from "./check-references.ts";
import { toIssues } from "./config-issues.ts";
import type { ConfigIssue } from "./config-issues.ts";
import { gatewayConfigSchema } from "./gateway-config.ts";
import type { GatewayConfig } from "./gateway-config.ts";

const MAX_SHOWN = 10;

/** Throws `gateway/config-invalid`, which names every fault's place. `source` is the file, for the message. */
export function parseConfig(value: unknown, source: string): GatewayConfig {
  const parsed = gatewayConfigSchema.safeParse(value);
  const issues = parsed.success ? checkReferences(parsed.data) : toIssues(parsed.error);
  if (parsed.success && issues.length === 0) return parsed.data;
  throw invalid(source, issues);
}

function invalid(source: string, issues: readonly ConfigIssue[]): HomegrownError {
  const shown = issues.slice(0, MAX_SHOWN).map(({ path, message }) => `${path} ${message}`);
  if (issues.length > MAX_SHOWN) shown.push(`… and ${issues.length - MAX_SHOWN} more`);
  return new HomegrownError({
    code: "gateway/config-invalid",
    kind: "invalid-input",
    message: `${source}: ${shown.join("; ")}.`,
    hint: "Correct this in the configuration. A running gateway keeps the last good one.",
    details: { issues: issues.slice(0, 100) },
  });
}
