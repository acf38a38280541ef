// What a schema cannot see: names that must exist elsewhere in the configuration, and settings that contradict
// each other.
import { formatPath } from "./config-issues.ts";
import type { ConfigIssue } from "./config-issues.ts";
import type { GatewayConfig } from "./gateway-config.ts";

export function checkReferences(config: GatewayConfig): ConfigIssue[] {
  const providers = ["own", ...Object.keys(config.providers)];
  const hooks = Object.keys(config.hooks);
  const issues: ConfigIssue[] = [];
  const report = (path: readonly PropertyKey[], message: string): void => {
    issues.push({ path: formatPath(path), message });
  };
  const checkProvider = (target: string, path: readonly PropertyKey[]): void => {
    const provider = target.slice(0, target.indexOf("/"));
    if (providers.includes(provider)) return;
    report(
      path,
      `leads to the provider ${quote(provider)}, which is not among the providers: ${known(providers)}`,
    );
  };
  const checkHooks = (names: readonly string[], path: readonly PropertyKey[]): void => {
    for (const [index, name] of names.entries()) {
      if (!hooks.includes(name)) {
        report(
          [...path, index],
          `names the hook ${quote(name)}, which is not among the hooks: ${known(hooks)}`,
        );
      }
      if (names.indexOf(name) !== index) report([...path, index], `names the hook ${quote(name)} twice`);
    }
  };

  for (const [alias, route] of Object.entries(config.routes)) {
    const path = ["routes", alias];
    const unconditional = new Set<string>();
    for (const [index, { target, when }] of route.targets.entries()) {
      const at = [...path, "targets", index];
      checkProvider(target, at);
      if (when !== undefined) continue;
      if (unconditional.has(target)) report(at, `is the same target again, ${quote(target)}: remove one`);
      unconditional.add(target);
    }
    const { shadow } = route;
    if (shadow !== undefined) {
      checkProvider(shadow.target, [...path, "shadow", "target"]);
      if (route.targets.every(({ target }) => target === shadow.target)) {
        report([...path, "shadow", "target"], "is the route's only target: there is nothing to compare with");
      }
    }
    checkHooks(route.hooks ?? [], [...path, "hooks"]);
    checkOrder(route.timeouts, [...path, "timeouts"], report);
  }
  checkHooks(config.defaults.hooks, ["defaults", "hooks"]);
  checkOrder(config.defaults.timeouts, ["defaults", "timeouts"], report);
  return issues;
}

/** Only what was written side by side: a default that is longer than a written total simply never fires. */
function checkOrder(
  { totalMs, ...others }: GatewayConfig["defaults"]["timeouts"],
  path: readonly PropertyKey[],
  report: (path: readonly PropertyKey[], message: string) => void,
): void {
  for (const [name, ms] of Object.entries(others)) {
    if (totalMs === undefined || ms === undefined || ms <= totalMs) continue;
    report([...path, name], `is ${ms}, longer than the ${totalMs} of totalMs: it would never fire`);
  }
}

function known(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(", ");
  return names.length === 0 ? "there are none" : names.length > 20 ? `${shown}, …` : shown;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
