"""What reading and writing images have in common: Pillow, and the order of channels."""

from typing import Any

from .packages import needed


def pillow(who: str) -> Any:
    """Return `PIL.Image`.

    Raises:
        DatasetError: Pillow is not installed, with the remedy.
    """
    return needed("PIL.Image", "pillow", who)


def swapped(array: Any) -> Any:
    """Return an array with red and blue exchanged; grey ones as they are. Alpha stays the last."""
    import numpy

    if array.ndim != 3 or array.shape[-1] not in (3, 4):
        return array
    return numpy.ascontiguousarray(array[..., [2, 1, 0, 3][: array.shape[-1]]])
