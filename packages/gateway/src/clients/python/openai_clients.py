"""OpenAI's client, over both of its protocols."""

import json

import openai
from conversation import STRICT, Conversation, each, opened, wait


class OpenAIChat(Conversation):
    def __init__(self, options, is_async):
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
