import type { Command } from "commander";
import { defineChat } from "./chat.ts";
import { defineData } from "./data.ts";
import { defineDoctor } from "./doctor.ts";
import { defineEval } from "./eval.ts";
import { defineModels } from "./models.ts";
import { defineServe } from "./serve.ts";
import { defineTrain } from "./train.ts";
import { defineUp } from "./up.ts";

/** In the order in which people need them. */
export const commands: readonly (() => Command)[] = [
  defineUp,
  defineChat,
  defineServe,
  defineData,
  defineTrain,
  defineEval,
  defineModels,
  defineDoctor,
];
