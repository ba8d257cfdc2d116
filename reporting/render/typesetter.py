"""Runs the typesetting process, anew whenever it has grown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import TracebackType

from reporting.render.errors import RenderError
from reporting.render.files import RenderContext

_MAX_MEGABYTES = 250
"""Past this the process is replaced before the next part."""
_NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


class Typesetter:
    """Typesets the parts of one document, one after the other."""

    def __init__(self, context: RenderContext, as_of: datetime) -> None:
        self._context = context
        self._timestamp = int(as_of.timestamp())  # the file's own date: the same data gives the same bytes
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Typesetter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def typeset(self, name: str) -> tuple[Path, str]:
        """``NAME.json`` to ``NAME.pdf``; what its reader should know. Raises RenderError."""
        process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101 - for the type checker
        assert process.stdout is not None  # noqa: S101
        with self._context.stop_with(process.kill):
            try:
                process.stdin.write(name + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError as error:
                raise RenderError("The typesetting process has ended.") from error
        if not line:
            raise RenderError(f"The typesetting process ended with {process.wait()}.")
        answer = json.loads(line)
        if answer["error"]:
            raise RenderError(answer["error"])
        if int(answer["megabytes"]) > _MAX_MEGABYTES:
            self._stop()
        return self._context.folder / f"{name}.pdf", answer["note"]

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "reporting.render.typesetting", str(self._context.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**_kept_environment(), **_NO_NETWORK},
        )
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(f"{self._timestamp}\n")
        return self._process

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()
        self._process = None


def _kept_environment() -> dict[str, str]:
    """Without secrets: a template cannot read the environment, but what is not there cannot leak either."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ} | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path) or "."
    }
