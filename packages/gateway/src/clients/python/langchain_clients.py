"""LangChain's models over OpenAI's and Anthropic's protocols."""

from conversation import Conversation, each, wait
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import ToolMessage
from langchain_openai import ChatOpenAI


class LangChain(Conversation):
    """Through `invoke` and `stream`, or `ainvoke` and `astream`."""

    def user(self, text, image):
        parts = [{"type": "text", "text": text}]
        if image:
            parts.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}})
        return {"role": "user", "content": parts}

    def results(self, answers):
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
