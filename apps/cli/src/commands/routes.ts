import { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import type { GatewayConfig, RouteDescription } from "@homegrown/gateway";
import { readConfiguration, withConfigOption } from "../gateway/configuration.ts";
import { askForRoutes } from "../gateway/ask-for-routes.ts";
import type { Answer } from "../gateway/ask-for-routes.ts";
import { cut, formatTable } from "../terminal/format.ts";
import { createOutput } from "../terminal/output.ts";

interface RoutesOptions {
  home: string;
  json: boolean;
  config?: string;
  url?: string;
}

type TargetDescription = RouteDescription["targets"][number];

export function defineRoutes(): Command {
  return withConfigOption(
    new Command("routes")
      .description("Which targets stand behind each model name, and how they are, where a gateway runs.")
      .option("--url <url>", "the running gateway (default: this machine, at the configuration's port)")
      .addHelpText(
        "after",
        "\nExample:\n  homegrown routes\n  homegrown routes --url http://127.0.0.1:8080   (of another machine: with a key in HOMEGROWN_KEY)",
      ),
  ).action(async (options: RoutesOptions) => {
    const output = createOutput(options);
    const { config, file } = await readConfiguration(options);
    const url = options.url ?? `http://127.0.0.1:${config.port}`;
    const answer = await askForRoutes(url, process.env["HOMEGROWN_KEY"]);
    // Whoever named a gateway wants to know of that one.
    if (answer.routes === undefined && options.url !== undefined) throw notAnswered(url, answer.why);
    const routes = answer.routes ?? describeConfigured(config);
    const from = file ?? "the defaults (no configuration file)";
    if (answer.routes === undefined) {
      output.remark(`No gateway told its health at ${url} (${answer.why}); this is what ${from} says.`);
    } else output.print(`${url}, process ${answer.process}: health as it has seen it`);
    if (routes.length === 0) {
      output.print("No routes. Own models answer to their own names; routes stand in homegrown.config.ts.");
    } else output.print(describeRoutes(routes, answer.routes !== undefined));
    const source = answer.routes === undefined ? "configuration" : "gateway";
    output.result({
      source,
      ...(source === "gateway" ? { url, process: answer.process } : { file }),
      routes,
    });
  });
}

/** What a configuration alone can say: nothing of health. */
interface ConfiguredRoute extends Omit<RouteDescription, "targets" | "shadow" | "sticky"> {
  targets: Pick<TargetDescription, "target" | "weight" | "when">[];
  shadow: { target: string; share: number } | undefined;
}

function describeConfigured({ routes }: GatewayConfig): ConfiguredRoute[] {
  return Object.entries(routes).map(([alias, { strategy, targets, shadow }]) => ({
    alias,
    strategy,
    targets: targets.map(({ target, weight, when }) => ({ target, weight, when })),
    shadow: shadow && { target: shadow.target, share: shadow.share },
  }));
}

function describeRoutes(
  routes: readonly (RouteDescription | ConfiguredRoute)[],
  withHealth: boolean,
): string {
  const rows = routes.flatMap((route) => [
    ...route.targets.map((target, index) => [
      index === 0 ? cut(route.alias, 20) : "",
      index === 0 ? route.strategy : "",
      cut(target.target, 34),
      route.strategy === "weighted" ? String(target.weight) : "",
      target.when === undefined ? "" : cut(describeConditions(target.when), 30),
      ...(withHealth ? [describeHealth(target as TargetDescription)] : []),
    ]),
    ...(route.shadow === undefined ? [] : [shadowRow(route.shadow)]),
  ]);
  const header = ["model", "strategy", "target", "weight", "when", ...(withHealth ? ["health"] : [])];
  // A column that says nothing is left out.
  const shown = header.flatMap((name, column) =>
    ["weight", "when"].includes(name) && rows.every((row) => (row[column] ?? "") === "") ? [] : [column],
  );
  const pick = (row: readonly string[]): string[] => shown.map((column) => row[column] ?? "");
  return formatTable(pick(header), rows.map(pick), ["weight"]);
}

function shadowRow(shadow: { target: string; share: number; dropped?: number }): string[] {
  const dropped = shadow.dropped === undefined || shadow.dropped === 0 ? "" : `${shadow.dropped} dropped`;
  const share = `${Number((shadow.share * 100).toFixed(2))} %`;
  return ["", `shadow ${share}`, cut(shadow.target, 34), "", "", dropped];
}

function describeConditions(when: object): string {
  return Object.entries(when)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join("|") : JSON.stringify(value)}`)
    .join(", ");
}

function describeHealth(target: TargetDescription): string {
  if (!target.exists) return "there is no such target now";
  const ms = target.firstTokenMs ?? target.wholeAnswerMs;
  const words = {
    closed: ms === undefined ? "not asked yet" : `well, ${Math.round(ms)} ms`,
    open: `broken, tried again in ${Math.ceil(target.pauseMs / 1000)} s`,
    "half-open": "being tried again",
  };
  const rest = target.restMs > 0 ? `, rests ${Math.ceil(target.restMs / 1000)} s` : "";
  return words[target.state] + rest;
}

function notAnswered(url: string, why: Answer["why"]): HomegrownError {
  return new HomegrownError({
    code: "cli/no-gateway",
    kind: "unavailable",
    message: `no gateway told its routes at ${url}: ${why}`,
    hint: "Start one with `homegrown serve`, or leave --url out to see what the configuration says.",
  });
}
