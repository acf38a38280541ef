"""Python clients, each driven by lines of JSON on standard input: {"client", "method", ...} in, the answer or
{"error", "status"} out, in the same order.
"""

import asyncio
import json
import sys

from anthropic_client import AnthropicMessages
from conversation import Left
from langchain_clients import LangChainAnthropic, LangChainOpenAI, LangChainResponses
from openai_clients import OpenAIChat, OpenAIResponses

CLIENTS = {
    "openai-chat": OpenAIChat,
    "openai-responses": OpenAIResponses,
    "anthropic": AnthropicMessages,
    "langchain-openai": LangChainOpenAI,
    "langchain-responses": LangChainResponses,
    "langchain-anthropic": LangChainAnthropic,
}


def status_of(error):
    for _ in range(6):
        if error is None:
            return None
        if isinstance(getattr(error, "status_code", None), int):
            return error.status_code
        error = error.__cause__
    return None


async def main():
    conversations = {}
    # In a thread: what a client clears away behind an abandoned stream needs the loop.
    while line := await asyncio.to_thread(sys.stdin.readline):
        message = json.loads(line)
        try:
            match message["method"]:
                case "open":
                    kind = CLIENTS[message["client"]]
                    conversations[message["conversation"]] = kind(message["options"], message["async"])
                    answer = {}
                case "ask":
                    answer = await conversations[message["conversation"]].ask(message["question"])
                case "answerTools":
                    answer = await conversations[message["conversation"]].answer_tools(message["answers"])
        except Left as left:
            answer = {"left": str(left)}
        except Exception as error:  # noqa: BLE001 -- whatever the client throws is the answer
            answer = {"error": f"{type(error).__name__}: {error}", "status": status_of(error)}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
