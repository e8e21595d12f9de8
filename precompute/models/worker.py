"""The process that runs a model inside its environment: reads structures, writes arrays.

Started by `precompute.models.client`. Standard input and output carry the messages of `precompute.models.channel`;
whatever packages print goes to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from precompute.contracts import AtlasError
from precompute.models.channel import ChannelClosed, receive, send
from precompute.models.errors import OutOfMemory, Unembeddable, UntrustedFile


def main() -> None:
    """Answer requests until the main process closes the channel."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # prints of packages, also those of compiled code, must not mix with the messages
    os.dup2(2, 1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    # Ctrl-C reaches the whole group; the main process decides, and closing the channel ends this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = _Server(answers)
    while True:
        try:
            request, _ = receive(requests)
        except ChannelClosed:
            return
        server.answer(request)


class _Server:
    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._engine: Any = None

    def answer(self, request: dict[str, Any]) -> None:
        message: dict[str, Any] = {}
        arrays: list[Any] = []
        try:
            if request["do"] == "open":
                self._open(request)
                message = {"spec": self._engine.spec.model_dump(mode="json")}
                message["provenance"] = self._engine.provenance
                message["can_predict"] = self._engine.can_predict
            elif request["do"] == "close":
                self._close()
            elif request["do"] == "predict":
                pairs = self._engine.predict(_structures(request))
                # JSON keeps a float64; the arrays of a message are float32
                message = {"energies": [energy for energy, _ in pairs]}
                arrays = [forces for _, forces in pairs]
            else:
                arrays = self._engine.embed(_structures(request))
        except (Unembeddable, OutOfMemory, UntrustedFile) as error:
            message = {"error": type(error).__name__, "text": str(error)}
        except AtlasError as error:
            message = {"error": "ModelError", "text": str(error)}
        # the border of the process: whatever went wrong is told to the main one, by name, with the trace on stderr
        except Exception as error:
            traceback.print_exc()
            message = {"error": "ModelError", "text": f"{type(error).__name__}: {error}"}
        send(self._answers, message, arrays)

    def _open(self, request: dict[str, Any]) -> None:
        from precompute.models.engine import LocalEngine
        from precompute.models.spec import ModelSpec

        self._close()
        # appended, so that this environment's own packages win
        sys.path.extend(p for p in request["path"] if p not in sys.path)
        self._engine = LocalEngine(ModelSpec.model_validate(request["spec"]), request["threads"], request["trust"])

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self._engine = None


def _structures(request: dict[str, Any]) -> list[Any]:
    from precompute.structures.portable import from_json

    return [from_json(s) for s in request["structures"]]


if __name__ == "__main__":
    main()
