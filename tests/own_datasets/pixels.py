"""Images of the tests."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

RANDOM = np.random.default_rng(0)


def noise(*shape: int) -> np.ndarray[Any, Any]:
    return RANDOM.integers(0, 256, shape, dtype="uint8")


def png(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "png")
    return buffer.getvalue()


# In the order of torchvision: classes, then folders, then files, each by the numbers of their
# characters.
FILES = [
    "Cat/10.png",
    "Cat/9.PNG",
    "Cat/a/1.png",
    "Cat/a-b/1.png",
    "Cat/a/x/1.png",
    "cat/x.jpeg",
    "dog/.hidden.png",
    "dog/é.webp",
]
LABELS = [0, 0, 0, 0, 0, 1, 2, 2]


def paint(top: Path, files: list[str] = FILES) -> Path:
    """Write images, the red of each twenty times its number: JPEG changes it a little."""
    for number, name in enumerate(files):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 3), (20 * number, 0, 255)).save(path)
    return top


def numbers(found: Any) -> list[int]:
    """What `paint` painted, of each image in turn."""
    return [round(float(image[0, 0, 0]) * 255 / 20) for image, _ in found]
