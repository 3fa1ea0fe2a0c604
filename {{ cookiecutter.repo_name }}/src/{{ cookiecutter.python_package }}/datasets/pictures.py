"""One image: from the bytes of a file to what a node works on, and back."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from kedro.io import DatasetError

from .packages import needed

# Channels of an array of three dimensions: grey with alpha, colours, colours with alpha.
CHANNELS = (2, 3, 4)
_WHITE = {"uint8": 255, "uint16": 65535}
# Of Pillow's modes those whose arrays are grey values or RGB.
_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA", "I;16", "I;16B", "I", "F")
_CHANNEL_FIRST, _CHANNEL_LAST = "channels x height x width", "height x width x channels"
_ROUNDING = 1e-6


def pillow(who: str) -> Any:
    """Return `PIL.Image`.

    Raises:
        DatasetError: Pillow is not installed, with the remedy.
    """
    return needed("PIL.Image", "pillow", who)


@dataclass(frozen=True)
class Reading:
    """How the bytes of a file become an image.

    Args:
        who: the dataset, for its errors.
        mode: of Pillow, into which it is converted; None leaves it.
        is_bgr: channels are blue, green, red, as OpenCV has them.
        channel_first: the first dimension of an array is that of the channels, as in PyTorch.
        as_float: float32 from 0 to 1.
        as_numpy: an array, not Pillow's image.
        options: of `PIL.Image.open`.
    """

    who: str
    mode: str | None = None
    is_bgr: bool = False
    channel_first: bool = False
    as_float: bool = False
    as_numpy: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, content: bytes, where: str) -> Any:
        """Return the image.

        Args:
            content: of its file.
            where: the file, for errors.

        Raises:
            DatasetError: it is no image, or a broken one.
        """
        image = self._open(content, where)
        if self.mode is not None and image.mode != self.mode:
            try:
                image = image.convert(self.mode)
            except ValueError as error:
                raise DatasetError(
                    f"{where} can't be converted to mode {self.mode!r}: {error}"
                ) from error
        if not self.as_numpy:
            return image
        if self.mode is None and image.mode not in _AS_THEY_ARE:
            image = image.convert(_plain_mode(image))
        return self._array(image, where)

    def _open(self, content: bytes, where: str) -> Any:
        image_module = pillow(self.who)
        try:
            image = image_module.open(io.BytesIO(content), **self.options)
        except image_module.UnidentifiedImageError as error:
            raise DatasetError(
                f"{where} ({len(content):,} bytes) is no image, or one whose first bytes are "
                f"broken: take it out of the folder, or name the images that are meant, say "
                '`load_args: {pattern: "*.png"}`.'
            ) from error
        except Exception as error:  # too many pixels, and what Pillow's readers let through
            raise DatasetError(f"{where} can't be opened as an image: {error}") from error
        try:
            image.load()
        except Exception as error:  # each format has errors of its own
            raise DatasetError(f"{where} is a broken image: {error}") from error
        return image

    def _array(self, image: Any, where: str) -> Any:
        import numpy

        array = numpy.array(image)
        if self.is_bgr:
            array = swapped(array)
        if self.as_float and array.dtype.name in _WHITE:
            array = array.astype("float32") / _WHITE[array.dtype.name]
        elif self.as_float and array.dtype.kind != "f":
            raise DatasetError(
                f"{where} has grey values of {array.dtype}, whose white nobody knows: load it "
                f"without `dtype: float`, or with `mode: L`."
            )
        if self.channel_first and array.ndim == 3:
            array = numpy.ascontiguousarray(numpy.moveaxis(array, -1, 0))
        return array


def _plain_mode(image: Any) -> str:
    """Return the mode in which an image of any other mode is grey values or RGB."""
    if image.mode == "1":
        return "L"
    has_alpha = "transparency" in image.info or image.mode in ("PA", "La", "RGBa")
    return "RGBA" if has_alpha else "RGB"


def swapped(array: Any) -> Any:
    """Return an array with red and blue exchanged; grey ones as they are. Alpha stays the last."""
    import numpy

    if array.ndim != 3 or array.shape[-1] not in (3, 4):
        return array
    return numpy.ascontiguousarray(array[..., [2, 1, 0, 3][: array.shape[-1]]])


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
