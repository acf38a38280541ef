// The Python clients: OpenAI's and Anthropic's with strict validation of what they are answered, synchronous and
// asynchronous, and LangChain. They hold the same conversations as the others, in a process of their own.
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { ensurePython, startScriptedUpstream } from "@homegrown/testing";
import { toFinish } from "./conversation.fixture.ts";
import type { Answer, ConversationOptions, OpenConversation, Question } from "./conversation.fixture.ts";
import { PYTHON_PACKAGES } from "./matrix.ts";
import { testClients } from "./scenarios.fixture.ts";

let python: ChildProcessWithoutNullStreams;
let answers: AsyncIterator<string>;
let numConversations = 0;

before(async () => {
  python = spawn(await ensurePython(PYTHON_PACKAGES), [join(import.meta.dirname, "python-clients.py")], {
    stdio: ["pipe", "pipe", "inherit"] as never,
    env: { PATH: process.env["PATH"], LANGSMITH_TRACING: "false" },
  });
  answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
});
after(() => python.kill());

interface Reply extends Omit<Answer, "finish"> {
  finish: string;
  left?: string;
  error?: string;
  status?: number;
}

/** One at a time: lines come back in the order in which they were sent. */
async function call(message: object): Promise<Reply> {
  python.stdin.write(`${JSON.stringify(message)}\n`);
  const { value, done } = await answers.next();
  if (done === true) throw new Error("the Python clients ended");
  const reply = JSON.parse(value) as Reply;
  if (reply.error !== undefined) {
    throw Object.assign(new Error(reply.error), reply.status !== null && { status: reply.status });
  }
  return reply;
}

const read = (reply: Reply): Answer => ({ ...reply, finish: toFinish(reply.finish) });

function openPython(client: string, isAsync: boolean): OpenConversation {
  return (options: ConversationOptions) => {
    const conversation = ++numConversations;
    const opened = call({ method: "open", client, async: isAsync, conversation, options });
    return {
      async ask({ signal, onText, ...question }: Question) {
        await opened;
        const reply = await call({
          method: "ask",
          conversation,
          question: { ...question, ...(signal && { leaves: true }) },
        });
        if (reply.left === undefined) return read(reply);
        onText?.(reply.left);
        throw new Error("left");
      },
      async answerTools(answers) {
        return read(await call({ method: "answerTools", conversation, answers }));
      },
    };
  };
}

testClients(
  {
    "Python openai, chat completions": openPython("openai-chat", false),
    "Python openai, chat completions, async": openPython("openai-chat", true),
    "Python openai, responses": openPython("openai-responses", false),
    "Python openai, responses, async": openPython("openai-responses", true),
    "Python anthropic": openPython("anthropic", false),
    "Python anthropic, async": openPython("anthropic", true),
    "Python LangChain, ChatOpenAI": openPython("langchain-openai", false),
    "Python LangChain, ChatOpenAI over responses": openPython("langchain-responses", true),
    "Python LangChain, ChatAnthropic": openPython("langchain-anthropic", true),
  },
  startScriptedUpstream,
);
