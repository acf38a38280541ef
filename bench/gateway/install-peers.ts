// Installs what this bench compares with, and the load generator, under .interop/peers: from the package
// registries alone, each at the version that the results name. Takes minutes the first time.
//   node bench/gateway/install-peers.ts
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const PEERS = resolve(import.meta.dirname, "../../.interop/peers");
export const VERSIONS = {
  oha: "1.16.0",
  portkey: "1.15.2",
  litellm: "1.106.2",
  tensorzero: "2026.6.0",
} as const;

function run(command: string, args: readonly string[], cwd = PEERS): void {
  console.log(`${command} ${args.join(" ")}`);
  execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
}

function installPython(name: "litellm" | "tensorzero", requirement: string): void {
  const python = join(PEERS, name, "bin/python");
  if (!existsSync(python)) run("python3", ["-m", "venv", name]);
  run(python, ["-m", "pip", "install", "--quiet", requirement]);
}

if (import.meta.main) {
  mkdirSync(PEERS, { recursive: true });
  if (!existsSync(join(PEERS, "oha/bin/oha"))) {
    run("cargo", ["install", "--locked", "oha", "--version", VERSIONS.oha, "--root", join(PEERS, "oha")]);
  }
  installPython("tensorzero", `tensorzero==${VERSIONS.tensorzero}`);
  installPython("litellm", `litellm[proxy]==${VERSIONS.litellm}`);
  const portkey = join(PEERS, "portkey");
  mkdirSync(portkey, { recursive: true });
  // With a newer one of these, as its own range would choose, it cannot stream.
  const manifest = {
    private: true,
    dependencies: { "@portkey-ai/gateway": VERSIONS.portkey },
    overrides: { "@hono/node-server": "1.8.2" },
  };
  writeFileSync(join(portkey, "package.json"), JSON.stringify(manifest, null, 2));
  run("npm", ["install", "--no-audit", "--no-fund"], portkey);
}
