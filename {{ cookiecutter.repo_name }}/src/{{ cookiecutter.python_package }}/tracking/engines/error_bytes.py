"""An error as bytes, with its traceback and those behind it; or its likeness, if it has no pickle.

Each error of a chain goes by itself, and a traceback as a list: nothing of it is nested, so a node
that calls itself without end, or fails a thousand times on its way, is told as any other.
"""

import builtins
import pickle
from dataclasses import dataclass
from io import BytesIO
from types import TracebackType
from typing import Any

from .dask_packages import cloudpickle, pickling_support

_BUILT_IN = [
    kind
    for kind in vars(builtins).values()
    if isinstance(kind, type) and issubclass(kind, BaseException)
]
_OWN_INITS = {kind.__init__ for kind in _BUILT_IN}


@dataclass(frozen=True)
class _Likeness:
    """What is known of an error whose pickle can't be made, or not be read.

    Args:
        module: of its class.
        name: of its class.
        base: the nearest class of Python's own.
        text: what it tells.
        notes: as `add_note` adds them.
    """

    module: str
    name: str
    base: type[BaseException]
    text: str
    notes: list[str]


@dataclass(frozen=True)
class _Link:
    """One error of a chain; others of it by their places.

    Args:
        pickled: the error; None if it can't be pickled.
        likeness: what it becomes then, or where the pickle can't be read.
        members: what it holds, if it is an `ExceptionGroup` that can't be pickled.
        frames: of its traceback.
        cause: its `__cause__`.
        context: its `__context__`.
        is_context_hidden: its `__suppress_context__`.
    """

    pickled: bytes | None
    likeness: _Likeness
    members: list[int]
    frames: list[tuple[Any, int]]
    cause: int | None
    context: int | None
    is_context_hidden: bool


def pack(error: BaseException) -> bytes:
    """Return an error with its traceback, and with those behind it, as bytes.

    One that can't be pickled, or not be made from its pickle, becomes one of the same name and
    text.
    """
    chain, places = [error], {id(error): 0}

    def place(other: BaseException) -> int:
        if id(other) not in places:
            places[id(other)] = len(chain)
            chain.append(other)
        return places[id(other)]

    links = []
    for one in chain:  # which grows
        pickled = _pickled(one)
        links.append(
            _Link(
                pickled=pickled,
                likeness=_likeness(one),
                members=[] if pickled else [place(each) for each in _members(one)],
                frames=_frames(one.__traceback__),
                cause=None if one.__cause__ is None else place(one.__cause__),
                context=None if one.__context__ is None else place(one.__context__),
                is_context_hidden=one.__suppress_context__,
            )
        )
    return bytes(cloudpickle.dumps(links))


def unpack(packed: bytes) -> BaseException:
    """Return the error of `pack`, in a process that may have other classes."""
    links: list[_Link] = pickle.loads(packed)
    errors: dict[int, BaseException] = {}
    # Groups last, the inner ones before the outer ones.
    for number, link in sorted(enumerate(links), key=lambda one: (bool(one[1].members), -one[0])):
        errors[number] = _made(link, errors)
    for number, link in enumerate(links):
        error = errors[number]
        error.__traceback__ = _traceback_of(link.frames)
        error.__cause__ = None if link.cause is None else errors[link.cause]
        error.__context__ = None if link.context is None else errors[link.context]
        error.__suppress_context__ = link.is_context_hidden
    return errors[0]


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # of no type
    """Pickles an error without what is behind it, and one that it holds as a whole.

    tblib (3.2) takes the built-in errors that have an `__init__` of their own for some that lack
    `__reduce__`, and leaves their arguments out: `SystemExit` lost its code, `UnicodeDecodeError`
    its text. Goes when it makes them as Python does.
    """

    def __init__(self, file: BytesIO, error: BaseException) -> None:
        super().__init__(file)
        self._error = error

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, TracebackType):
            return _traceback_of, (_frames(obj),)
        if not isinstance(obj, BaseException):
            return super().reducer_override(obj)
        kind = type(obj)
        if kind.__init__ in _OWN_INITS and kind.__reduce__ is BaseException.__reduce__:
            function, arguments, *more = _reduced(obj)
        else:
            function, arguments, *more = pickling_support.pickle_exception(obj)
        if obj is self._error:
            what, how, _, _, _, *rest = arguments
            arguments = what, how, None, None, None, *rest
        return function, arguments, *more


def _reduced(error: BaseException) -> tuple[Any, ...]:
    made = type(error), error.args, error.__cause__, error.__traceback__, error.__context__
    more = error.__suppress_context__, getattr(error, "__notes__", None)
    return pickling_support.unpickle_exception, (*made, *more), vars(error)


def _pickled(error: BaseException) -> bytes | None:
    """Return an error's pickle; None if there is none that tells the same when it is read."""
    buffer = BytesIO()
    try:
        _Pickler(buffer, error).dump(error)
        # Many take other arguments than they hand to `Exception`, which shows only here.
        found = pickle.loads(buffer.getvalue())
    except Exception:
        return None
    is_same = type(found).__name__ == type(error).__name__ and _text(found) == _text(error)
    return buffer.getvalue() if is_same else None


def _likeness(error: BaseException) -> _Likeness:
    kind = type(error)
    base = next(one for one in kind.__mro__ if one in _BUILT_IN)
    notes = [_text(note) for note in getattr(error, "__notes__", ())]
    return _Likeness(kind.__module__, kind.__qualname__, base, _text(error), notes)


def _members(error: BaseException) -> tuple[BaseException, ...]:
    is_group = any(one.__name__ == "BaseExceptionGroup" for one in type(error).__mro__)
    return tuple(getattr(error, "exceptions", ())) if is_group else ()


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return "<exception str() failed>"  # as Python says it


def _made(link: _Link, errors: dict[int, BaseException]) -> BaseException:
    if link.pickled is not None:
        try:
            found = pickle.loads(link.pickled)
        except Exception:  # of a class that this process has not
            found = None
        if isinstance(found, BaseException):
            return found
    like, base = link.likeness, link.likeness.base
    members = [errors[place] for place in link.members if place in errors]
    if not members and hasattr(base, "exceptions"):
        base = Exception
    about = {
        "__module__": like.module,
        "__qualname__": like.name,
        "__init__": lambda self, *_: None,
        "__str__": lambda self: like.text,
    }
    kind = type(like.name.rpartition(".")[2], (base,), about)
    made: BaseException = kind(like.text, members) if members else kind(like.text)
    if not members:
        made.args = (like.text,)
    if isinstance(made, SystemExit):
        made.code = like.text
    if like.notes:
        vars(made)["__notes__"] = like.notes  # no `add_note` in Python 3.10
    return made


def _frames(traceback: TracebackType | None) -> list[tuple[Any, int]]:
    found = []
    step = None if traceback is None else pickling_support.Traceback(traceback)
    while step is not None:
        found.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return found


def _traceback_of(frames: list[tuple[Any, int]]) -> Any:
    step = None
    for frame, line in reversed(frames):
        before = object.__new__(pickling_support.Traceback)
        before.tb_frame, before.tb_lineno, before.tb_next = frame, line, step
        step = before
    return None if step is None else step.as_traceback()
