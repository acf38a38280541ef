"""Python clients, each driven by lines of JSON on standard input: {"id", "client", "method", ...} in, the answer
or {"error", "status"} out. A conversation keeps its history in the client's own types. OpenAI's and Anthropic's
clients validate strictly: every field of every answer and event must be of its declared type.
"""

import asyncio
import contextlib
import inspect
import json
import sys

STRICT = {"_strict_response_validation": True}


class Left(Exception):
    """The caller wanted to leave the stream after its first text."""


async def wait(value):
    return await value if inspect.isawaitable(value) else value


@contextlib.asynccontextmanager
async def opened(manager):
    """A synchronous or an asynchronous stream of an SDK."""
    manager = await wait(manager)
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            yield stream
    else:
        with manager as stream:
            yield stream


async def each(iterable):
    if hasattr(iterable, "__aiter__"):
        async for item in iterable:
            yield item
    else:
        for item in iterable:
            yield item


class Conversation:
    def __init__(self, options, is_async):
        self.options = options
        self.is_async = is_async
        self.messages = []
        self.last_question = {}

    async def ask(self, question):
        self.messages.append(self.user(question["text"], question.get("image")))
        return await self.run(question)

    async def answer_tools(self, answers):
        self.messages.extend(self.results(answers))
        return await self.run({})

    def seen_text(self, piece, question):
        if piece and question.get("leaves"):
            raise Left(piece)


class OpenAIChat(Conversation):
    def __init__(self, options, is_async):
        import openai

        super().__init__(options, is_async)
        client = openai.AsyncOpenAI if is_async else openai.OpenAI
        self.client = client(
            base_url=f"{options['url']}/v1", api_key=options["key"], max_retries=options["maxRetries"], **STRICT
        )

    def user(self, text, image):
        parts = [{"type": "text", "text": text}]
        if image:
            parts.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}})
        return {"role": "user", "content": parts}

    def results(self, answers):
        return [{"role": "tool", "tool_call_id": a["call"]["id"], "content": a["text"]} for a in answers]

    async def run(self, question):
        options = self.options
        body = {"model": options["model"], "messages": self.messages}
        if options["tools"]:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": t["name"], "description": t["description"], "parameters": t["schema"]},
                }
                for t in options["tools"]
            ]
        if options["reasons"]:
            body["reasoning_effort"] = "medium"
        if "stop" in question:
            body["stop"] = question["stop"]
        if "maxTokens" in question:
            body["max_completion_tokens"] = question["maxTokens"]
        if "schema" in question:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": question["schema"]},
            }
        thoughts = ""
        if options["streamed"]:
            import openai

            manager = self.client.chat.completions.stream(**body, stream_options={"include_usage": True})
            async with opened(manager) as stream:
                async for event in each(stream):
                    if event.type == "chunk" and event.chunk.choices:
                        thoughts += getattr(event.chunk.choices[0].delta, "reasoning_content", None) or ""
                    if event.type == "content.delta":
                        self.seen_text(event.delta, question)
                try:
                    completion = await wait(stream.get_final_completion())
                except openai.LengthFinishReasonError as cut:
                    completion = cut.completion
            message = completion.choices[0].message
        else:
            completion = await wait(self.client.chat.completions.create(**body))
            message = completion.choices[0].message
            thoughts = getattr(message, "reasoning_content", None) or ""
        self.messages.append(message.to_dict(exclude_unset=True, mode="json"))
        self.messages[-1].pop("parsed", None)
        return {
            "text": message.content or "",
            "reasoning": thoughts,
            "calls": [
                {"id": c.id, "name": c.function.name, "input": json.loads(c.function.arguments)}
                for c in message.tool_calls or []
            ],
            "finish": completion.choices[0].finish_reason,
            "inputTokens": completion.usage.prompt_tokens,
            "outputTokens": completion.usage.completion_tokens,
        }


class OpenAIResponses(OpenAIChat):
    def user(self, text, image):
        parts = [{"type": "input_text", "text": text}]
        if image:
            parts.append({"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{image}"})
        return {"role": "user", "content": parts}

    def results(self, answers):
        return [{"type": "function_call_output", "call_id": a["call"]["id"], "output": a["text"]} for a in answers]

    async def run(self, question):
        options = self.options
        body = {"model": options["model"], "input": self.messages, "store": False}
        if options["tools"]:
            body["tools"] = [
                {
                    "type": "function",
                    "name": t["name"],
                    "description": t["description"],
                    "parameters": t["schema"],
                    "strict": False,
                }
                for t in options["tools"]
            ]
        if options["reasons"]:
            body["reasoning"] = {"effort": "medium", "summary": "auto"}
            body["include"] = ["reasoning.encrypted_content"]
        if "maxTokens" in question:
            body["max_output_tokens"] = question["maxTokens"]
        if "schema" in question:
            body["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": question["schema"]}}
        if options["streamed"]:
            async with opened(self.client.responses.stream(**body)) as stream:
                async for event in each(stream):
                    if event.type == "response.output_text.delta":
                        self.seen_text(event.delta, question)
                # `get_final_response` knows complete ones alone.
                response = event.response
        else:
            response = await wait(self.client.responses.create(**body))
        items = [item.to_dict(mode="json") for item in response.output]
        for item in items:
            item.pop("parsed_arguments", None)
            for part in item.get("content") or []:
                part.pop("parsed", None)
        self.messages.extend(items)
        calls = [
            {"id": item.call_id, "name": item.name, "input": json.loads(item.arguments)}
            for item in response.output
            if item.type == "function_call"
        ]
        incomplete = response.incomplete_details.reason if response.incomplete_details else None
        return {
            "text": response.output_text,
            "reasoning": "".join(s.text for item in response.output if item.type == "reasoning" for s in item.summary),
            "calls": calls,
            "finish": "tool-calls" if calls else incomplete or response.status,
            "inputTokens": response.usage.input_tokens,
            "outputTokens": response.usage.output_tokens,
        }


class AnthropicMessages(Conversation):
    def __init__(self, options, is_async):
        import anthropic

        super().__init__(options, is_async)
        client = anthropic.AsyncAnthropic if is_async else anthropic.Anthropic
        self.client = client(
            base_url=options["url"], api_key=options["key"], max_retries=options["maxRetries"], **STRICT
        )

    def user(self, text, image):
        parts = [{"type": "text", "text": text}]
        if image:
            parts.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image}})
        return {"role": "user", "content": parts}

    def results(self, answers):
        return [
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": a["call"]["id"], "content": a["text"]} for a in answers
                ],
            }
        ]

    async def run(self, question):
        options = self.options
        body = {
            "model": options["model"],
            "messages": self.messages,
            "max_tokens": question.get("maxTokens", 4096),
        }
        if options["tools"]:
            body["tools"] = [
                {"name": t["name"], "description": t["description"], "input_schema": t["schema"]}
                for t in options["tools"]
            ]
        if options["reasons"]:
            body["thinking"] = {"type": "enabled", "budget_tokens": 1024}
        if "stop" in question:
            body["stop_sequences"] = question["stop"]
        if "schema" in question:
            body["output_config"] = {"format": {"type": "json_schema", "schema": question["schema"]}}
        if options["streamed"]:
            async with opened(self.client.messages.stream(**body)) as stream:
                async for piece in each(stream.text_stream):
                    self.seen_text(piece, question)
                message = await wait(stream.get_final_message())
        else:
            message = await wait(self.client.messages.create(**body))
        blocks = [block.to_dict(mode="json") for block in message.content]
        for block in blocks:
            block.pop("parsed_output", None)
        self.messages.append({"role": "assistant", "content": blocks})
        usage = message.usage
        cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return {
            "text": "".join(b.text for b in message.content if b.type == "text"),
            "reasoning": "".join(b.thinking for b in message.content if b.type == "thinking"),
            "calls": [{"id": b.id, "name": b.name, "input": b.input} for b in message.content if b.type == "tool_use"],
            "finish": message.stop_reason,
            "inputTokens": usage.input_tokens + cached,
            "outputTokens": usage.output_tokens,
        }


class LangChain(Conversation):
    """Through `invoke` and `stream`, or `ainvoke` and `astream`."""

    def user(self, text, image):
        parts = [{"type": "text", "text": text}]
        if image:
            parts.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}})
        return {"role": "user", "content": parts}

    def results(self, answers):
        from langchain_core.messages import ToolMessage

        return [ToolMessage(a["text"], tool_call_id=a["call"]["id"], name=a["call"]["name"]) for a in answers]

    async def run(self, question):
        model = self.model(question)
        if self.options["tools"]:
            model = model.bind_tools(
                [
                    {
                        "type": "function",
                        "function": {"name": t["name"], "description": t["description"], "parameters": t["schema"]},
                    }
                    for t in self.options["tools"]
                ]
            )
        elif "schema" in question:
            model = model.bind(**self.format(question["schema"]))
        if self.options["streamed"]:
            message = None
            chunks = model.astream(self.messages) if self.is_async else model.stream(self.messages)
            try:
                async for chunk in each(chunks):
                    message = chunk if message is None else message + chunk
                    self.seen_text(chunk.text, question)
            finally:
                await wait(chunks.aclose() if self.is_async else chunks.close())
        else:
            message = await wait((model.ainvoke if self.is_async else model.invoke)(self.messages))
        self.messages.append(message)
        facts = message.response_metadata
        reason = (facts.get("incomplete_details") or {}).get("reason") or next(
            (facts[name] for name in ("finish_reason", "stop_reason", "status") if facts.get(name)), None
        )
        calls = [{"id": c["id"], "name": c["name"], "input": c["args"]} for c in message.tool_calls]
        return {
            "text": str(message.text),
            "reasoning": "".join(b.get("reasoning", "") for b in message.content_blocks if b["type"] == "reasoning"),
            "calls": calls,
            "finish": "tool-calls" if calls else reason,
            "inputTokens": message.usage_metadata["input_tokens"],
            "outputTokens": message.usage_metadata["output_tokens"],
        }


class LangChainOpenAI(LangChain):
    over_responses = False

    def model(self, question):
        from langchain_openai import ChatOpenAI

        options = self.options
        more = {}
        if "maxTokens" in question:
            more["max_tokens"] = question["maxTokens"]
        if "stop" in question:
            more["stop"] = question["stop"]
        if options["reasons"]:
            more["reasoning"] = {"effort": "medium", "summary": "auto"}
            more["include"] = ["reasoning.encrypted_content"]
        return ChatOpenAI(
            model=options["model"],
            api_key=options["key"],
            base_url=f"{options['url']}/v1",
            max_retries=options["maxRetries"],
            stream_usage=True,
            use_responses_api=self.over_responses,
            **({"store": False} if self.over_responses else {}),
            **more,
        )

    def format(self, schema):
        return {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            }
        }


class LangChainResponses(LangChainOpenAI):
    over_responses = True


class LangChainAnthropic(LangChain):
    def model(self, question):
        from langchain_anthropic import ChatAnthropic

        options = self.options
        more = {}
        if "stop" in question:
            more["stop"] = question["stop"]
        if options["reasons"]:
            more["thinking"] = {"type": "enabled", "budget_tokens": 1024}
        return ChatAnthropic(
            model=options["model"],
            api_key=options["key"],
            base_url=options["url"],
            max_retries=options["maxRetries"],
            max_tokens=question.get("maxTokens", 4096),
            **more,
        )

    def format(self, schema):
        return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


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
