"""How large the text of a value is, and what stands for one that is too large."""

import hashlib
import marshal
from collections import deque
from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, Sized, ValuesView
from itertools import chain, islice
from typing import Any

from .sorting import sort_of

_BYTES = (bytes, bytearray, memoryview)
_SETS = (set, frozenset)
# Others, such as a range, have a text of their own.
_WALKED = (list, tuple, *_SETS, deque, KeysView, ValuesView, ItemsView)
_SHORT = (int, float, bool, type(None))
# Version 2 has no references: equal values have equal bytes in each process.
_MARSHAL_VERSION, _AT_ONCE, _BLOCK = 2, 100, 1 << 20
_LONG = 1000
_PLAIN = {*_SHORT, str}


def text_size(value: object, most: int) -> int:
    """Return about how many bytes the text of a value has; a number above `most` if it has more.

    It looks no further than it must: the text is not made, and a large container not walked.
    """
    return _size(value, most, ())


def _size(value: Any, most: int, above: tuple[int, ...]) -> int:
    if isinstance(value, int) and value.bit_length() > _LONG:
        # Python makes no text of an integer of many thousand digits.
        return value.bit_length() // 3
    if isinstance(value, _SHORT):
        return len(repr(value))
    if isinstance(value, str):
        is_told = value.isascii() or len(value) > most
        return len(value) if is_told else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, _BYTES):
        return memoryview(value).nbytes
    is_mapping = not isinstance(value, _WALKED) and isinstance(value, Mapping)
    if not is_mapping and not isinstance(value, _WALKED):
        return _size_of_text(value)
    if id(value) in above:
        return len("[...]")
    # Of each item at least a character, a comma and a space.
    if 3 * len(value) > most:
        return 3 * len(value)
    total, above = 0, (*above, id(value))
    for part in chain.from_iterable(value.items()) if is_mapping else value:
        total += 2 + _size(part, most - total, above)
        if total > most:
            break
    return total


def _size_of_text(value: object) -> int:
    try:
        return len(repr(value))
    except Exception:  # code of the value's own class; the recorder says in its text that it raised
        return 0


def described(value: object) -> str:
    """Return type, length and digest of a value.

    The digest is SHA-256, its first 32 digits; of a text or bytes that of the content, which
    `sha256sum` gives too. Equal values have equal digests in any run; what holds objects that are
    no plain values, such as frames, has none.

    Example:
        >>> described("a" * 1_000_000)[:45]
        'str of 1,000,000 characters, sha256:cdc76e5c9'
    """
    text = type(value).__qualname__
    if isinstance(value, Sized):
        unit = "character" if isinstance(value, str) else "item"
        count = len(value)
        if isinstance(value, _BYTES):
            unit, count = "byte", memoryview(value).nbytes
        text += f" of {count:,} {unit}{'' if count == 1 else 's'}"
    try:
        digest = hashlib.sha256()
        _feed(digest.update, value, is_part=False)
    except Exception:  # objects, a loop, or code of the value's own class
        return text
    return f"{text}, sha256:{digest.hexdigest()[:32]}"


def _feed(update: Callable[[Any], None], value: Any, is_part: bool = True) -> None:
    """Give a hash the bytes of a value; those of a part have its type and length before them.

    Raises:
        TypeError: it holds what is no plain value.
    """
    if is_part:
        length = len(value) if isinstance(value, Sized) else ""
        update(f"{type(value).__name__}{length}:".encode())
    if isinstance(value, str):
        for start in range(0, len(value), _BLOCK):
            update(value[start : start + _BLOCK].encode("utf-8", "surrogatepass"))
    elif isinstance(value, _BYTES):
        update(value)
    elif isinstance(value, Mapping):
        _feed_items(update, chain.from_iterable(value.items()))
    elif isinstance(value, (*_SETS, KeysView)):
        for digest in sorted(map(_digest_of_part, value)):
            update(digest)
    elif isinstance(value, _WALKED):
        _feed_items(update, value)
    elif sort_of(value) is not None:
        update(repr(value).encode("utf-8", "surrogatepass"))
    else:
        raise TypeError(f"{type(value).__qualname__} is no plain value")


def _feed_items(update: Callable[[Any], None], items: Iterable[Any]) -> None:
    rest = iter(items)
    while some := tuple(islice(rest, _AT_ONCE)):
        if _PLAIN.issuperset(map(type, some)):
            update(marshal.dumps(some, _MARSHAL_VERSION))
        else:
            for item in some:
                _feed(update, item)


def _digest_of_part(value: Any) -> bytes:
    digest = hashlib.sha256()
    _feed(digest.update, value)
    return digest.digest()
