"""Datasets of images and of answers of web services, beside those of `kedro_datasets`.

In `catalog.yml` as `<package>.datasets.ImagesDataset`; names in `Set` are those of PipelineX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .async_api_dataset import AsyncAPIDataset
    from .images_dataset import ImagesDataset
    from .iterable_images_dataset import IterableImagesDataset

    AsyncAPIDataSet = AsyncAPIDataset
    ImagesLocalDataSet = ImagesDataset
    IterableImagesDataSet = IterableImagesDataset

__all__ = [
    "AsyncAPIDataSet",
    "AsyncAPIDataset",
    "ImagesDataset",
    "ImagesLocalDataSet",
    "IterableImagesDataSet",
    "IterableImagesDataset",
]
_PLACES = {
    "AsyncAPIDataSet": ("async_api_dataset", "AsyncAPIDataset"),
    "AsyncAPIDataset": ("async_api_dataset", "AsyncAPIDataset"),
    "ImagesDataset": ("images_dataset", "ImagesDataset"),
    "ImagesLocalDataSet": ("images_dataset", "ImagesDataset"),
    "IterableImagesDataSet": ("iterable_images_dataset", "IterableImagesDataset"),
    "IterableImagesDataset": ("iterable_images_dataset", "IterableImagesDataset"),
}


def __getattr__(name: str) -> Any:
    # Each is imported when it is used: nobody waits for those of others.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(f".{module}", __name__), attribute)
