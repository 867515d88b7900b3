"""Asking a language model in a GGUF file, with llama-cpp-python where it is installed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from actors.backends.on_device.mind.chat import ChatRequest, MindError
from actors.backends.on_device.options import MindOptions
from actors.lib.worker import WorkerThread

MAGIC = b"GGUF"


def wrong_file(path: Path) -> str:
    """Return what is wrong with a model file and what to do; empty: it may do."""
    if find_spec("llama_cpp") is None:
        return "a model in a file needs llama-cpp-python: pip install llama-cpp-python"
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}): name a GGUF file"
    return "" if magic == MAGIC else f"{path} is no GGUF file: download one of a chat model"


class FileMind(WorkerThread):
    """A model in this process; a thread of its own computes one answer at a time."""

    def __init__(self, options: MindOptions) -> None:
        assert options.file is not None, "checked"
        super().__init__("mind")
        self._path = options.file
        self._context_tokens = options.context_tokens

    @property
    def name(self) -> str:
        """How it is called in messages to the operator."""
        return self._path.name

    async def chunks(self, request: ChatRequest) -> AsyncGenerator[Any, None]:
        """Give the chunks of a completion; closed early, no more tokens are computed.

        Raises:
            MindError: the file cannot be used.
        """
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        unwanted = threading.Event()

        def compute() -> None:
            try:
                model = _loaded(self._path, self._context_tokens)
                for chunk in model.create_chat_completion(**request.body()):
                    if unwanted.is_set():
                        return
                    loop.call_soon_threadsafe(queue.put_nowait, chunk)
            except Exception as error:  # noqa: BLE001  # llama.cpp raises what it likes.
                wrong = MindError(f"{self._path}: {error}")
                loop.call_soon_threadsafe(queue.put_nowait, wrong)
            finally:
                loop.call_soon_threadsafe(queue.put_nowait, None)

        computed = self.run(compute)
        try:
            while (chunk := await queue.get()) is not None:
                if isinstance(chunk, MindError):
                    raise chunk
                yield chunk
            await computed
        finally:
            unwanted.set()


@cache
def _loaded(path: Path, context_tokens: int) -> Any:
    from llama_cpp import Llama

    return Llama(model_path=str(path), n_ctx=context_tokens, verbose=False)
