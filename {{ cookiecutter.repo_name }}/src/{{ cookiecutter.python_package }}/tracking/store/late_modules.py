"""Modules that run when something in them is asked for, and not when they are imported.

`importlib.util.LazyLoader`, Python's own, runs a package as soon as a module in it is imported, and
before Python 3.12 it lets a second thread see a module that is half done.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# Names of a module, and how each is made while the module does not run for it.
Answers = Mapping[str, Callable[[], Any]]
# What `typing` and `inspect` ask of whatever stands in a signature; a class has none of it.
_ASKED_OF_ANNOTATIONS = {
    "__args__",
    "__origin__",
    "__parameters__",
    "__typing_is_unpacked_typevartuple__",
    "__typing_prepare_subst__",
    "__typing_subst__",
    "__typing_unpacked_tuple_args__",
}
# A module of such a name is the running of another one: Python's own lock on each import lets one
# thread run it while others wait, and knows of circles.
_RUN = "running "


class LateFinder(MetaPathFinder):
    """Finds modules as Python does, and makes some of them late.

    Args:
        families: of these each package is late; the modules in it are imported without it.
        answers: by module, names that it need not run for. Each of these modules is late.
        then: by module, what is done once it was imported.
    """

    def __init__(
        self,
        families: Collection[str],
        answers: Mapping[str, Answers],
        then: Mapping[str, Callable[[ModuleType], None]],
    ) -> None:
        self._families = families
        self._answers = answers
        self._then = then
        self._is_over = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what Python finds, with a loader of ours; None for what is no concern of ours."""
        if fullname.startswith(_RUN):
            return ModuleSpec(fullname, _Runner(fullname.removeprefix(_RUN).replace(":", ".")))
        then = self._then.get(fullname)
        is_named = fullname in self._answers
        is_ours = then is not None or is_named or fullname.partition(".")[0] in self._families
        if self._is_over or not is_ours:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return None
        if is_named or (then is None and spec.submodule_search_locations is not None):
            spec.loader = _LateLoader(spec.loader, self._answers.get(fullname, {}))
        elif then is not None:
            spec.loader = _ThenLoader(spec.loader, then)
        return spec

    def run_all(self) -> None:
        """Make no more modules late, and run those of the families that wait."""
        self._is_over = True
        late = [one for one in list(sys.modules.values()) if isinstance(one, _LateModule)]
        for name in sorted(one.__name__ for one in late):
            if name.partition(".")[0] in self._families:
                with suppress(Exception):  # whoever needs it is told
                    run(name)


class LateName:
    """Stands for a class or a function until it is used."""

    def __init__(self, module: str, name: str) -> None:
        self._module = self.__module__ = module
        self._name = self.__name__ = self.__qualname__ = name

    def _real(self) -> Any:
        import_module(self._module)
        run(self._module)
        return getattr(sys.modules[self._module], self._name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make an instance of it, or call it, if it is a function."""
        return self._real()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in _ASKED_OF_ANNOTATIONS:
            raise AttributeError(name)
        return getattr(self._real(), name)

    def __instancecheck__(self, instance: object) -> bool:
        # Of a class that does not exist yet there are no instances.
        return not is_late(self._module) and isinstance(instance, self._real())

    def __subclasscheck__(self, subclass: type) -> bool:
        return not is_late(self._module) and issubclass(subclass, self._real())

    def __or__(self, other: Any) -> "LateUnion":
        return LateUnion(self, other)

    def __ror__(self, other: Any) -> "LateUnion":
        return LateUnion(other, self)

    def __mro_entries__(self, _bases: object) -> tuple[Any, ...]:
        return (self._real(),)


class LateUnion:
    """Stands for `A | B` of such classes, which most of MLflow's signatures only show."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def __instancecheck__(self, instance: object) -> bool:
        return any(isinstance(instance, type(None) if one is None else one) for one in self._parts)

    def __or__(self, other: Any) -> "LateUnion":
        return LateUnion(*self._parts, other)

    def __ror__(self, other: Any) -> "LateUnion":
        return LateUnion(other, *self._parts)


def late_name(module: str, *names: str) -> Answers:
    """Let classes and functions of a late module be imported without running it."""

    def maker(name: str) -> Callable[[], Any]:
        return lambda: LateName(module, name)

    return {name: maker(name) for name in names}


def defined_in(module: str, *names: str, **others: str) -> Answers:
    """Let names that a late package imports be taken from where they are defined.

    Args:
        module: the module that defines them.
        names: names that are the same there.
        others: names that are others there.
    """

    def taker(there: str) -> Callable[[], Any]:
        return lambda: getattr(import_module(module), there)

    there = {**{name: name for name in names}, **others}
    return {name: taker(defined) for name, defined in there.items()}


def run(name: str) -> None:
    """Run a late module, or wait while another thread does.

    Raises:
        Exception: what the module itself raises; it is late still.
    """
    import_module(_RUN + name.replace(".", ":"))


def is_late(name: str) -> bool:
    """Whether a module has not begun to run: nothing that it defines exists."""
    found = sys.modules.get(name)
    is_late = found is None or isinstance(found, _LateModule)
    return is_late and _RUN + name.replace(".", ":") not in sys.modules


def _has_begun(name: str) -> bool:
    """Whether a module, or the whole package that it is in, runs or did so."""
    begun = (_RUN + one.replace(".", ":") for one in (name, name.partition(".")[0]))
    return any(one in sys.modules for one in begun)


class _LateModule(ModuleType):
    """A module whose names are asked for here as long as it does not have them."""

    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        if name == "__path__" and spec and spec.submodule_search_locations is None:
            raise AttributeError(name)  # asked of each module, which is no package
        answer = spec.loader_state.get(name) if spec else None
        # The code of the package itself gets the real thing.
        if answer is not None and not _has_begun(self.__name__):
            return answer()
        run(self.__name__)
        return ModuleType.__getattribute__(self, name)  # it is of another class now


class _WrappingLoader(Loader):
    def __init__(self, real: Any) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.real.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self.real


class _LateLoader(_WrappingLoader):
    """Makes a module, and leaves it to its first use to run it."""

    def __init__(self, real: Any, answers: Answers) -> None:
        super().__init__(real)
        self._answers = answers

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader_state = self._answers
        module.__class__ = _LateModule


class _ThenLoader(_WrappingLoader):
    """Imports a module, then does something with it."""

    def __init__(self, real: Any, action: Callable[[ModuleType], None]) -> None:
        super().__init__(real)
        self._action = action

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        self.real.exec_module(module)
        with suppress(AttributeError):  # another version does without
            self._action(module)


class _Runner(Loader):
    """Runs a late module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def exec_module(self, _module: ModuleType) -> None:
        late = sys.modules[self._name]
        spec = late.__spec__
        if not isinstance(late, _LateModule) or spec is None or spec.loader is None:
            return
        spec.loader.exec_module(late)
        late.__class__ = ModuleType  # type: ignore[assignment]
