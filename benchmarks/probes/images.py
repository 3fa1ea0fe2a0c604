"""Memory of reading class folders one by one; arguments: package, folder, how many first."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from .session import report


def main() -> None:
    """Read some images, then all; the peak of each."""
    package, folder, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sys.path.insert(0, "src")
    images = import_module(f"{package}.datasets").IterableImagesDataset(folder).load()
    peaks, number = {}, 0
    for number, (image, _) in enumerate(images, start=1):
        if image.shape[0] != 3:
            raise RuntimeError(f"image {number} has the shape {image.shape}")
        if number == first:
            peaks["first_mb"] = peak_mb()
    report(**peaks, all_mb=peak_mb(), count=number)


def peak_mb() -> float:
    """Return the most memory that this program has had; not, as `getrusage`, who started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(kilobytes) * 1024 / 1e6


if __name__ == "__main__":
    main()
