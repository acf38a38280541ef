// A real Postgres for interop tests: Debian's binaries, a cluster of its own in a temporary folder, run as an
// unprivileged user (Postgres refuses root). Never the system's own cluster, and never used by `npm test`.
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, glob, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface PostgresServer {
  /** `postgres://user:password@127.0.0.1:port/postgres`; the user owns the server. */
  url: string;
  /** Makes an empty database and returns its connection string. */
  newDatabase(): Promise<string>;
  /** Ends the server at once, as a crash does; `start` brings it back with what was committed. */
  crash(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
  /** `crash` and `start`. */
  restart(): Promise<void>;
  /** Ends the server and removes everything. */
  stop(): Promise<void>;
}

const USER = "homegrown";
const READY = "database system is ready to accept connections";
const START_TIMEOUT_MS = 60_000;

/** Starts a Postgres server; as root it is installed when it is missing. It dies with this process. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPrograms();
  const folder = await mkdtemp(join(tmpdir(), "homegrown-postgres-"));
  const password = randomBytes(18).toString("base64url");
  try {
    const runner = await unprivileged(folder);
    const data = join(folder, "data");
    await writeFile(join(folder, "password"), password);
    await run(
      ...runner(join(programs.folder, "initdb"), [
        `--pgdata=${data}`,
        `--username=${USER}`,
        `--pwfile=${join(folder, "password")}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-sync",
        // A language's order of words is what many servers have; what we need ordered must not depend on it.
        ...(programs.version >= 15
          ? ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"]
          : ["--locale=C.UTF-8"]),
      ]),
    );
    const server = new Server(folder, programs.folder, password, await freePort(), runner);
    await server.start();
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

type Runner = (program: string, args: readonly string[]) => [string, string[]];

class Server implements PostgresServer {
  readonly url: string;
  #folder: string;
  #programs: string;
  #password: string;
  #port: number;
  #runner: Runner;
  #process: ChildProcess | undefined;
  #numDatabases = 0;

  constructor(folder: string, programs: string, password: string, port: number, runner: Runner) {
    this.url = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
    this.#folder = folder;
    this.#programs = programs;
    this.#password = password;
    this.#port = port;
    this.#runner = runner;
  }

  async newDatabase(): Promise<string> {
    this.#numDatabases += 1;
    const name = `test_${this.#numDatabases}`;
    await run(
      join(this.#programs, "createdb"),
      ["--host=127.0.0.1", `--port=${this.#port}`, `--username=${USER}`, name],
      { env: { ...process.env, PGPASSWORD: this.#password } },
    );
    return this.url.replace(/postgres$/, name);
  }

  async start(): Promise<void> {
    const [command, args] = this.#runner(join(this.#programs, "postgres"), [
      "-D",
      join(this.#folder, "data"),
      "-p",
      String(this.#port),
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "unix_socket_directories=",
      // A kill loses nothing that the kernel has, and waiting for a shared machine's disk would test nothing.
      "-c",
      "fsync=off",
    ]);
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], cwd: this.#folder });
    this.#process = child;
    await waitUntilReady(child);
    // A test that failed must not be kept from ending.
    child.unref();
    (child.stderr as unknown as { unref(): void }).unref();
  }

  async crash(): Promise<void> {
    await this.#end("SIGQUIT");
  }

  async restart(): Promise<void> {
    await this.crash();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end("SIGINT");
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await exited;
  }
}

async function waitUntilReady(child: ChildProcess): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail(`was not ready after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(`Postgres ${why}; it said: ${said}`));
    };
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      if (said.includes(READY)) return;
      said += text;
      if (!said.includes(READY)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** How to run a program that refuses root; hands `folder` to the user who will. */
async function unprivileged(folder: string): Promise<Runner> {
  // The server ends when this process does, however it does.
  const dying = "--pdeathsig=INT";
  if (process.getuid?.() !== 0) return (program, args) => ["setpriv", [dying, program, ...args]];
  const user = (await idsOf("postgres")) ?? (await idsOf("nobody"));
  if (user === undefined)
    throw new Error("interop tests need a user 'postgres' or 'nobody' to run Postgres as");
  await chown(folder, user.uid, user.gid);
  const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", dying];
  return (program, args) => ["setpriv", [...identity, program, ...args]];
}

async function idsOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const found = await run("getent", ["passwd", name]).catch(() => undefined);
  const [, , uid, gid] = found?.stdout.split(":") ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

interface Programs {
  folder: string;
  version: number;
}

async function findPrograms(): Promise<Programs> {
  const found = await newestPrograms();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update"], { env, maxBuffer: 64 << 20 }).catch(cannotInstall);
    await run("apt-get", ["install", "--yes", "--no-install-recommends", "postgresql"], {
      env,
      maxBuffer: 64 << 20,
    }).catch(cannotInstall);
  }
  return (await newestPrograms()) ?? cannotInstall(undefined);
}

async function newestPrograms(): Promise<Programs | undefined> {
  const found: Programs[] = [];
  for await (const file of glob("/usr/lib/postgresql/*/bin/postgres")) {
    found.push({ folder: join(file, ".."), version: Number.parseInt(file.split("/")[4]!, 10) });
  }
  return found.sort((a, b) => b.version - a.version)[0];
}

function cannotInstall(cause: unknown): never {
  throw new Error(
    "interop tests need a Postgres server, and there is none in /usr/lib/postgresql\n" +
      "On Debian and Ubuntu install it with: sudo apt-get install --yes postgresql",
    { cause },
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
