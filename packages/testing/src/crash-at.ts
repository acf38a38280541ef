// Preloaded into a child process by `node --import <this file>`. It watches the durable steps that
// `@homegrown/storage` announces and does what the environment asks for:
//   HOMEGROWN_TEST_CRASH_AT=<index>   SIGKILL at that message, counted from 0; every step has two messages,
//                                     `before` and `after`
//   HOMEGROWN_TEST_STEPS_FILE=<file>  append each message to this file as one line of JSON
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

// Workers inherit `--import`; counting in several threads would make an index mean nothing.
if (isMainThread) {
  const crashAt = Number(process.env["HOMEGROWN_TEST_CRASH_AT"] ?? "-1");
  const stepsFile = process.env["HOMEGROWN_TEST_STEPS_FILE"];
  let index = 0;
  subscribe("homegrown:durable", (message) => {
    if (stepsFile !== undefined) appendFileSync(stepsFile, `${JSON.stringify(message)}\n`);
    if (index === crashAt) process.kill(process.pid, "SIGKILL");
    index += 1;
  });
}
