"""One image: from the bytes of a file to what a node works on."""

import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from kedro.io import DatasetError

from .pictures import pillow, swapped

_WHITE = {"uint8": 255, "uint16": 65535}
# Of Pillow's modes those whose arrays are grey values or RGB.
_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA", "I;16", "I;16B", "I", "F")
# Those whose values go above 255, where Pillow's `convert` cuts them off.
_WIDE = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
# Their other images are previews and layers of the first one.
_WITH_PREVIEWS = ("MPO", "PSD")
_ORIENTATION, _UPRIGHT = 0x0112, 1  # of EXIF


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
        is_turned: upright, as EXIF says how the camera was held.
    """

    who: str
    mode: str | None = None
    is_bgr: bool = False
    channel_first: bool = False
    as_float: bool = False
    as_numpy: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    is_turned: bool = False
    # What was told once.
    _told: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def __call__(self, content: bytes, where: str) -> Any:
        """Return the image.

        Args:
            content: of its file.
            where: the file, for errors.

        Raises:
            DatasetError: it is no image, or a broken one.
        """
        image = self._open(content, where)
        mode = self.mode
        if mode is None and self.as_numpy and image.mode not in _AS_THEY_ARE:
            mode = _plain_mode(image)
        if mode is not None and image.mode != mode:
            image = self._converted(image, mode, where)
        return self._array(image, where) if self.as_numpy else image

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
            has_more = getattr(image, "is_animated", False)
            image.load()
        except Exception as error:  # each format has errors of its own
            raise DatasetError(f"{where} is a broken image: {error}") from error
        if has_more and image.format not in _WITH_PREVIEWS and not self._told:
            self._told.add("several")
            logging.getLogger(__name__).warning(
                "%s holds several images, as animations and files of several pages do: the first "
                "one is loaded, of it and of each other such file.",
                where,
            )
        return self._upright(image, where) if self.is_turned else image

    def _upright(self, image: Any, where: str) -> Any:
        try:
            if image.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT:
                return image
            return import_module("PIL.ImageOps").exif_transpose(image)
        except Exception as error:  # what cameras and editors wrote there
            raise DatasetError(
                f"{where} has EXIF data that can't be read ({error}): "
                "`load_args: {upright: false}` does without."
            ) from error

    def _converted(self, image: Any, mode: str, where: str) -> Any:
        try:
            if image.mode in _WIDE and mode not in _WIDE:
                image = self._narrow(image, mode, where)
            return image.convert(mode)
        except ValueError as error:
            raise DatasetError(
                f"{where}, of mode {image.mode!r}, can't be converted to mode {mode!r}: {error}"
            ) from error

    def _narrow(self, image: Any, mode: str, where: str) -> Any:
        """Return a grey image of many values with 256 of them."""
        import numpy

        array = numpy.asarray(image)
        if image.mode.startswith("I;16"):
            return pillow(self.who).fromarray((array >> 8).astype("uint8"))
        if array.min() < 0 or array.max() > _WHITE["uint8"]:
            raise DatasetError(
                f"{where} has grey values from {array.min():g} to {array.max():g}, whose white "
                f"nobody knows, so it can't be converted to mode {mode!r}."
            )
        return image

    def _array(self, image: Any, where: str) -> Any:
        import numpy

        array = numpy.array(image)
        if not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
        if self.is_bgr:
            array = swapped(array)
        if self.as_float and array.dtype.name in _WHITE:
            array = array.astype("float32") / _WHITE[array.dtype.name]
        elif self.as_float and array.dtype.kind != "f":
            raise DatasetError(
                f"{where} has grey values of {array.dtype}, whose white nobody knows: load it "
                f"without `dtype: float`."
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
