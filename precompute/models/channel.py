"""Messages between the main process and a model's process: JSON and raw arrays, each with its length; no pickle."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_LENGTH = struct.Struct("<Q")
# a header is ids, numbers and text of a batch; more than this is a damaged stream, not a message
_MAX_HEADER = 1 << 30


class ChannelClosed(Exception):
    """The other side is gone, or what came is no message."""


def send(stream: BinaryIO, message: Mapping[str, Any], arrays: Sequence[NDArray[np.float32]] = ()) -> None:
    """Write one message: header length, header (JSON, with the arrays' shapes), then the arrays' bytes, float32."""
    contiguous = [np.ascontiguousarray(a, dtype="<f4") for a in arrays]
    header = json.dumps({**message, "shapes": [a.shape for a in contiguous]}).encode()
    try:
        stream.write(_LENGTH.pack(len(header)) + header)
        for array in contiguous:
            stream.write(array.tobytes())
        stream.flush()
    except (OSError, ValueError) as error:
        raise ChannelClosed(str(error)) from error


def receive(stream: BinaryIO) -> tuple[dict[str, Any], list[NDArray[np.float32]]]:
    """Read one message.

    Raises
    ------
    ChannelClosed
        If the stream ends, also in the middle, or holds something else.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _MAX_HEADER:
        raise ChannelClosed(f"a header of {length} bytes is no message")
    try:
        message = json.loads(_exactly(stream, length))
        shapes = [tuple(int(n) for n in shape) for shape in message.pop("shapes")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChannelClosed(f"what came is no message ({error})") from error
    arrays = [
        np.frombuffer(_exactly(stream, 4 * int(np.prod(shape))), dtype="<f4").reshape(shape).astype(np.float32)
        for shape in shapes
    ]
    return message, arrays


def _exactly(stream: BinaryIO, count: int) -> bytes:
    try:
        data = stream.read(count)
    except (OSError, ValueError) as error:
        raise ChannelClosed(str(error)) from error
    if data is None or len(data) < count:
        raise ChannelClosed("the stream ended")
    return data
