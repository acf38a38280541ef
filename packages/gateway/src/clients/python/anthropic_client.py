"""Anthropic's client."""

import anthropic
from conversation import STRICT, Conversation, each, opened, wait


class AnthropicMessages(Conversation):
    def __init__(self, options, is_async):
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
