"""OpenAI's Python client, with strict validation of answers, over answers given on standard input.

Reads {"call", "contentType", "body"} a line; writes {"ok"} or {"error"} a line.
"""

import json
import sys

import httpx2
import openai

ASK = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
AUDIO = ("a.wav", b"RIFF")


def ask(call: str, client: openai.OpenAI) -> object:
    match call:
        case "chat":
            return client.chat.completions.create(**ASK).to_dict()
        case "chat-stream":
            return [chunk.to_dict() for chunk in client.chat.completions.create(**ASK, stream=True)]
        case "completion":
            return client.completions.create(model="m", prompt="?").to_dict()
        case "embeddings":
            return client.embeddings.create(model="m", input="?", encoding_format="float").to_dict()
        case "models":
            return [model.to_dict() for model in client.models.list()]
        case "model":
            return client.models.retrieve("m").to_dict()
        case "transcription":
            return client.audio.transcriptions.create(model="m", file=AUDIO).to_dict()
        case "transcription-verbose":
            return client.audio.transcriptions.create(
                model="m", file=AUDIO, response_format="verbose_json"
            ).to_dict()
        case "transcription-stream":
            return [
                event.to_dict() for event in client.audio.transcriptions.create(model="m", file=AUDIO, stream=True)
            ]
    raise ValueError(call)


def main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        answer = httpx2.Response(200, headers={"content-type": case["contentType"]}, content=case["body"].encode())
        client = openai.OpenAI(
            api_key="none",
            base_url="http://localhost/v1",
            max_retries=0,
            _strict_response_validation=True,
            http_client=httpx2.Client(transport=httpx2.MockTransport(lambda _request, answer=answer: answer)),
        )
        try:
            result = {"ok": ask(case["call"], client)}
        except Exception as error:  # noqa: BLE001 -- whatever the client throws is the verdict
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)


main()
