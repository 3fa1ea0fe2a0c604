"""One image: from what a node made to the bytes of a file."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from kedro.io import DatasetError

from .pictures import pillow, swapped

# Channels of an array of three dimensions: grey with alpha, colours, colours with alpha.
CHANNELS = (2, 3, 4)
_CHANNEL_FIRST, _CHANNEL_LAST = "channels x height x width", "height x width x channels"
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Writing:
    """How an image becomes the bytes of a file.

    Args:
        who: the dataset, for its errors.
        mode: of Pillow, into which it is converted; None leaves it.
        is_bgr: of an array, channels are blue, green, red.
        channel_first: of an array of three dimensions, the first is that of the channels.
        lower: what the smallest value of an array becomes; None leaves values as they are.
        upper: what the largest value of an array becomes.
        options: of `PIL.Image.Image.save`.
    """

    who: str
    mode: str | None = None
    is_bgr: bool = False
    channel_first: bool = False
    lower: float | None = None
    upper: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, value: Any, name: str) -> bytes:
        """Return the content of the file.

        Args:
            value: Pillow's image, or an array.
            name: of the file, whose extension says the format.

        Raises:
            DatasetError: it is no image, or the format does not take it.
        """
        image_module = pillow(self.who)
        is_scaled = self.lower is not None or self.upper is not None
        if not isinstance(value, image_module.Image) or is_scaled:
            value = self._image(value, name)
        suffix = PurePosixPath(name).suffix.lower()
        formats = image_module.registered_extensions()
        if suffix not in formats:
            raise DatasetError(f"Pillow knows no images with the extension {suffix!r} ({name}).")
        buffer = io.BytesIO()
        try:
            converted = value.convert(self.mode) if self.mode not in (None, value.mode) else value
            converted.save(buffer, format=formats[suffix], **self.options)
        except Exception as error:  # each format has errors of its own
            raise DatasetError(
                f"The image {name} of mode {value.mode} can't be saved: {error}. PNG takes grey, "
                "RGB and alpha (`save_args: {suffix: .png}`); `mode: RGB` drops alpha."
            ) from error
        return buffer.getvalue()

    def _image(self, value: Any, name: str) -> Any:
        import numpy

        array = numpy.asarray(value)
        if array.dtype.kind not in "buif":
            raise DatasetError(
                f"{name}: {type(value).__name__} is neither an array of numbers nor an image of "
                f"Pillow."
            )
        if array.ndim == 3 and self.channel_first:
            array = numpy.moveaxis(array, 0, -1)
        if array.ndim == 3 and array.shape[-1] == 1:
            array = array[..., 0]
        if array.ndim != 2 and not (array.ndim == 3 and array.shape[-1] in CHANNELS):
            raise DatasetError(
                f"{name}: an array of shape {numpy.shape(value)} is no image: with channel_first="
                f"{self.channel_first} it is height x width, or, of 2, 3 or 4 channels, "
                f"{_CHANNEL_FIRST if self.channel_first else _CHANNEL_LAST}."
            )
        if 0 in array.shape:
            raise DatasetError(f"{name}: an array of shape {numpy.shape(value)} has no pixel.")
        array = self._bytes(array, name)
        if self.is_bgr:
            array = swapped(array)
        return pillow(self.who).fromarray(numpy.ascontiguousarray(array))

    def _bytes(self, array: Any, name: str) -> Any:
        """Return the values of an array as an image has them."""
        import numpy

        if array.dtype.kind == "f" and not numpy.isfinite(array).all():
            raise DatasetError(f"{name} has NaN or infinite values, which no image holds.")
        if self.lower is not None or self.upper is not None:
            return _scaled(array, self.lower, self.upper)
        if array.dtype.kind == "b":
            return array.astype("uint8") * numpy.uint8(255)
        smallest, largest = array.min(), array.max()
        if array.dtype.kind == "f":
            if smallest < -_ROUNDING or largest > 1 + _ROUNDING:
                raise _out_of_range(name, smallest, largest, "floats go from 0 to 1")
            return (array.clip(0, 1) * 255).round().astype("uint8")
        if array.dtype == "uint16" and array.ndim == 2:
            return array
        if smallest < 0 or largest > 255:
            raise _out_of_range(name, smallest, largest, "whole numbers go from 0 to 255")
        return array.astype("uint8")


def _out_of_range(name: str, smallest: Any, largest: Any, rule: str) -> DatasetError:
    return DatasetError(
        f"{name} has values from {smallest:g} to {largest:g}, and {rule}: scale it in the node, or "
        "by `save_args: {lower: 0, upper: 255}`."
    )


def _scaled(array: Any, lower: float | None, upper: float | None) -> Any:
    """Spread the values of an array linearly from `lower` to `upper`."""
    smallest, largest = float(array.min()), float(array.max())
    low = smallest if lower is None else lower
    high = largest if upper is None else upper
    share = (array.astype("float64") - smallest) / ((largest - smallest) or 1.0)
    return (share * (high - low) + low).clip(0, 255).round().astype("uint8")
