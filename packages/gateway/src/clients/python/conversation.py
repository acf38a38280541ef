"""What the clients share: a conversation whose history is the client's own, and streams of either kind."""

import contextlib
import inspect

# Every field of every answer and event must be of its declared type.
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
