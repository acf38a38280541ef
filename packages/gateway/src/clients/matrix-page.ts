// The matrix for people: `docs/clients.md` is this, and a test holds it so.
import {
  CLIENTS,
  CODEX_PACKAGE,
  CODEX_SCENARIOS,
  PAIRINGS,
  PYTHON_PACKAGES,
  SCENARIOS,
  scenariosOf,
} from "./matrix.ts";
import type { ClientName, FrontName, MatrixClient, Pairing, PairingName } from "./matrix.ts";

const PAIRING_NAMES = Object.keys(PAIRINGS) as PairingName[];
const CLIENT_NAMES = Object.keys(CLIENTS) as ClientName[];

/** `versions`: of npm packages, as the workspace pins them. */
export function renderMatrixPage(versions: Readonly<Record<string, string>>): string {
  return `# Clients

What was run, not what should work: each client converses through the front that it speaks, with each provider
protocol behind the gateway. A number is that of tests, **passed through** or *translated*; in chains that is said
of the first gateway. The upstream is a process of its own that refuses what its provider would refuse; in chains a
second gateway stands between, in a third process.

Written by \`node packages/gateway/src/clients/write-page.ts\`; a test fails when it is out of date. "test" runs in
\`npm test\`, "interop" in \`npm run test:interop\`.

| client | version | front | runs in | ${PAIRING_NAMES.join(" | ")} |
|---|---|---|---|${"---|".repeat(PAIRING_NAMES.length)}
${CLIENT_NAMES.map((name) => renderRow(name, versions)).join("\n")}
${renderCodex()}

The Python SDKs of OpenAI and Anthropic validate strictly: each field of each answer and event must be of its
declared type. Codex is the command line itself, with its plugins off: it runs a command that the model asks for, and
the proxy that it was given for the world outside was asked for nothing.

## What stands behind

| name | provider protocol |
|---|---|
${PAIRING_NAMES.map((name) => `| ${name} | ${PAIRINGS[name].provider} |`).join("\n")}

A chat front never meets OpenAI's Responses directly: whoever speaks it speaks chat completions too, and then the
bytes pass through. Own models are asked by OpenAI's and Anthropic's clients through two gateways, every front over
every provider protocol: tokens in both ledgers, cost and budget agree (\`chained.test.ts\`).

## What is asked

| scenario | |
|---|---|
${Object.entries(SCENARIOS)
  .map(([name, what]) => `| ${name} | ${what} |`)
  .join("\n")}

All of them streamed and whole; \`abort\` is streamed by its nature, and \`retry\` takes a second, so it runs once each
way.

The loops that SDKs bring along run over every provider protocol as well, streamed and whole
(\`tool-loops.test.ts\`): OpenAI's \`runTools\`, Anthropic's \`toolRunner\` (it asks for a thread that the server keeps,
is told that none is kept, and goes on without), the AI SDK's \`stopWhen\` over messages and over stored Responses. So
does \`previous_response_id\`.

## What is left out

${renderGaps()}
- Everywhere: \`stop\` where the upstream is asked by OpenAI's Responses, which has no stop sequences. The answer names
  it in \`x-homegrown-dropped\`.
- Results of tools whose calls came from an Anthropic model that thinks by a budget, over a protocol that cannot carry
  its signature (chat completions, or a second gateway): the step after them is answered without thinking, which
  \`x-homegrown-dropped: reasoning\` says. Anthropic would refuse it otherwise.
`;
}

function renderRow(name: ClientName, versions: Readonly<Record<string, string>>): string {
  const client: MatrixClient = CLIENTS[name];
  const cells = PAIRING_NAMES.map((pairing) =>
    renderCell(client.front, pairing, scenariosOf(client, pairing).length),
  );
  return `| ${[name, versionOf(client, versions), client.front, shortRun(client), ...cells].join(" | ")} |`;
}

function renderCodex(): string {
  const cells = PAIRING_NAMES.map((pairing) => renderCell("responses", pairing, CODEX_SCENARIOS.length));
  const version = CODEX_PACKAGE.slice(CODEX_PACKAGE.lastIndexOf("@") + 1);
  return `| Codex | ${version} | responses | interop | ${cells.join(" | ")} |`;
}

function renderCell(front: FrontName, name: PairingName, numTests: number): string {
  const pairing: Pairing = PAIRINGS[name];
  return pairing.passes.includes(front) ? `**${numTests}**` : `*${numTests}*`;
}

const shortRun = ({ runsIn }: MatrixClient): string => (runsIn === "npm test" ? "test" : "interop");

function versionOf(client: MatrixClient, versions: Readonly<Record<string, string>>): string {
  const [name = ""] = client.package.split(" ");
  const pinned = PYTHON_PACKAGES.find((pin) => pin.startsWith(`${name}==`));
  const version = client.package.endsWith("(PyPI)") ? pinned?.split("==")[1] : versions[name];
  if (version === undefined) throw new Error(`no version of ${client.package} is pinned`);
  return version;
}

/** By what is left out and why, with those who do. */
function renderGaps(): string {
  const gaps = new Map<string, string[]>();
  for (const name of CLIENT_NAMES) {
    const client: MatrixClient = CLIENTS[name];
    const reasons = Object.entries(client.leavesOut).map(([scenario, why]) => `\`${scenario}\`: ${why}`);
    if (client.miscounts !== undefined) reasons.push(`a stream's usage: the client ${client.miscounts}`);
    for (const reason of reasons) gaps.set(reason, [...(gaps.get(reason) ?? []), name]);
  }
  return [...gaps].map(([reason, names]) => `- ${reason} (${names.join("; ")}).`).join("\n");
}
