/** What the process that ran a configuration file says of it. */
export type ConfigReport =
  | { kind: "config"; value: unknown }
  | { kind: "no-export" }
  | { kind: "not-plain"; path: (string | number)[]; found: string }
  | { kind: "threw"; name: string; message: string };

const KINDS: ReadonlySet<string> = new Set(["config", "no-export", "not-plain", "threw"]);

export function parseReport(text: string): ConfigReport | undefined {
  try {
    const report = JSON.parse(text) as ConfigReport;
    return KINDS.has(report.kind) ? report : undefined;
  } catch {
    return undefined;
  }
}
