// Run by locks.test.ts in child processes.
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { acquireLock } from "./locks.ts";

const [mode, path] = process.argv.slice(2);
if (mode === "hold" || mode === "hold-and-read") {
  await acquireLock(path!, "holding");
  // POSIX: closing any handle of a file drops all of the process's locks on it.
  if (mode === "hold-and-read") readFileSync(path!);
  writeSync(1, "held\n");
  setInterval(() => {}, 1000);
} else {
  for (let i = 0; i < 5; i += 1) {
    const lock = await acquireLock(path!, "counting", { waitMs: 30_000 });
    const value = Number(readFileSync(`${path}.txt`, "utf8"));
    // Long enough for others to come between, if they could.
    await new Promise((resolve) => setTimeout(resolve, 5));
    writeFileSync(`${path}.txt`, String(value + 1));
    if (i === 4) process.kill(process.pid, "SIGKILL");
    await lock.release();
  }
}
