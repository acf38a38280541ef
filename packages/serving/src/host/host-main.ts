// Entry of the host child: one model, one IPC channel, no state beyond them. It ends with its parent.
import { HomegrownError, toErrorRecord } from "@homegrown/contracts";
import { ServedModel } from "../llama/served-model.ts";
import { asToHost } from "./messages.ts";
import type { FromHost, HostCall, LoadOptions, ToHost } from "./messages.ts";

const running = new Map<number, AbortController>();
let served: ServedModel | undefined;

process.on("disconnect", () => process.exit(0));
// Ctrl-C and a service manager's stop reach every process of the group; the parent decides when this one ends.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
process.on("message", (value) => {
  const message = asToHost(value);
  if (message === undefined) {
    process.stderr.write("a message from the parent has an unknown shape\n");
    process.exit(70);
  }
  receive(message);
});

function receive(message: ToHost): void {
  if (message.type === "load") return void load(message.options);
  if (message.type === "cancel") return running.get(message.id)?.abort(cancelled());
  void work(message.id, async (model, signal) => {
    if (message.type === "call") {
      return { type: "result", id: message.id, value: await answer(model, message.call, signal) };
    }
    const { id } = message;
    const finish = await model.generate(message.request, signal, {
      accepted: (inputTokens) => send({ type: "accepted", id, inputTokens }),
      delta: (text, tokens) => send({ type: "delta", id, text, tokens }),
      progress: sendProgress,
    });
    return { type: "finish", id, ...finish };
  });
}

async function load(options: LoadOptions): Promise<void> {
  try {
    served = await ServedModel.load(options);
    await served.warm();
    send({ type: "ready", info: served.info });
  } catch (error) {
    send({ type: "start-error", error: toErrorRecord(error) });
  }
}

async function work(
  id: number,
  run: (model: ServedModel, signal: AbortSignal) => Promise<FromHost>,
): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    if (served === undefined) throw new Error("the model is not loaded yet");
    send(await run(served, controller.signal));
  } catch (error) {
    send({ type: "error", id, error: toErrorRecord(error) });
  } finally {
    running.delete(id);
  }
}

function answer(model: ServedModel, call: HostCall, signal: AbortSignal): unknown {
  switch (call.method) {
    case "render-chat":
      return model.renderChat(call.messages);
    case "encode-chat":
      return model.encodeChat(call.messages);
    case "tokenize":
      return model.tokenize(call.text);
    case "score":
      return model.score(call.ids, signal, sendProgress);
    case "measure":
      return model.measure(signal, sendProgress);
  }
}

function sendProgress(): void {
  send({ type: "progress" });
}

function send(message: FromHost): void {
  // The channel may close under a running request; `disconnect` ends the process right after.
  if (process.connected) process.send!(message, () => undefined);
}

function cancelled(): HomegrownError {
  return new HomegrownError({
    code: "serving/cancelled",
    kind: "cancelled",
    message: "the request was cancelled before it was complete",
    hint: "Nothing to do: whoever asked has left.",
  });
}
