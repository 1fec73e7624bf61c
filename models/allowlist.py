"""What a model artifact may be made of: the names that its pickle may load, and nothing else.

The signature is the first lock and this list the second. River's classes are admitted but those that read files or the
network or run evaluations; so are the functions that river's own models refer to, plain data types, and the modules
that an operator lists. Admitted callables can only call one another: nothing here imports or evaluates, and getattr
is narrowed to methods of river's objects.
"""

from __future__ import annotations

import importlib
import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any

_REFUSED_PARTS = frozenset({"datasets", "stream", "evaluate", "checks", "envs", "api"})

_OUR_MODULES = frozenset(
    f"models.{name}"
    for name in (
        *("binning", "casting", "declaring", "deriving", "expectations", "expression", "filtering", "renaming"),
        *("ordered", "repeats", "rolling", "rolling_window", "rules", "sampling", "scikit"),
    )
)

_NAMES: dict[str, frozenset[str]] = {
    module: frozenset(names.split())
    for module, names in {
        "builtins": "bool bytearray bytes complex dict float frozenset int iter list range set slice str tuple",
        "collections": "Counter OrderedDict defaultdict deque",
        "copy": "deepcopy",
        "datetime": "date datetime time timedelta timezone",
        "functools": "partial",
        "models.search_trees": "planted",
        "numpy": "array dtype ndarray ones zeros",
        "numpy._core.multiarray": "_reconstruct scalar",
        "numpy._core.numeric": "_frombuffer",
        "numpy.random._generator": "Generator",
        "numpy.random._mt19937": "MT19937",
        "numpy.random._pcg64": "PCG64",
        "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
        "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
        "random": "Random",
        "river._river_rust.vectordict": "euclidean_distance_dict euclidean_distance_tuple",
        "river.feature_extraction.vectorize": "strip_accents_unicode tokenize_using_regex_pattern",
        "river.forest.online_extra_trees": "ExtraTrees._detection_mode_all",
        "river.metrics.mutual_info": "_average_arithmetic",
        "river.naive_bayes.gaussian": "GaussianNB._make_gaussian",
        "river.tree.splitter.ebst_splitter": (
            "EBSTNode._update_estimator_multivariate EBSTNode._update_estimator_univariate"
        ),
        "river.tree.splitter.nominal_splitter_reg": "NominalSplitterReg._update_estimator_univariate",
        "river.utils.math": "minkowski_distance",
        "statistics": "NormalDist",
    }.items()
}


@dataclass(frozen=True)
class AllowList:
    """The names that an artifact may load; `modules` are those that the operator trusts besides, with all below them.

    >>> AllowList().find("collections", "deque")
    <class 'collections.deque'>
    >>> AllowList().find("posix", "system")
    Traceback (most recent call last):
    _pickle.UnpicklingError: "posix.system" is not allowed in a model artifact
    """

    modules: tuple[str, ...] = ()

    def find(self, module: str, name: str) -> Any:
        """The object of that name. Raises pickle.UnpicklingError where it is not admitted."""
        if (module, name) == ("builtins", "getattr"):
            return _bound_method
        if name in _NAMES.get(module, ()):
            return _resolve(module, name)
        if any(_below(module, trusted) for trusted in self.modules):
            return _own(module, name, (type, FunctionType))
        if _below(module, "river") and _REFUSED_PARTS.isdisjoint(module.split(".")):
            return _own(module, name, type)
        if module in _OUR_MODULES:
            return _own(module, name, type)
        raise _refusal(module, name)


def _own(module: str, name: str, kinds: type | tuple[type, ...]) -> Any:
    """A class or function that `module`'s package defines itself: what it merely imported is not its own."""
    found = _resolve(module, name)
    package = module.partition(".")[0]
    if not isinstance(found, kinds) or not _below(str(getattr(found, "__module__", "")), package):
        raise _refusal(module, name)
    return found


def _resolve(module: str, name: str) -> Any:
    """Walk from a module through classes only, by what each defines itself."""
    found: Any = importlib.import_module(module)
    for depth, part in enumerate(name.split(".")):
        if not isinstance(found, type if depth else ModuleType) or part not in vars(found):
            raise _refusal(module, name)
        found = vars(found)[part]
        if isinstance(found, staticmethod):
            found = found.__func__
    if isinstance(found, ModuleType):
        raise _refusal(module, name)
    return found


def _bound_method(owner: Any, name: str) -> Callable[..., Any]:
    """In place of getattr, with which pickle writes a bound method: methods of river's objects, and two by name."""
    if owner is str and name == "lower":
        return str.lower
    if isinstance(owner, random.Random) and name == "gauss":
        return owner.gauss
    if isinstance(owner, type) or name.startswith("__"):
        raise _refusal(type(owner).__module__, name)
    for kind in type(owner).__mro__:
        method = vars(kind).get(name)
        if method is None or not _below(kind.__module__, "river"):
            continue
        if isinstance(method, FunctionType):
            return MethodType(method, owner)
        if isinstance(method, MethodDescriptorType):
            bound: Callable[..., Any] = method.__get__(owner)
            return bound
    raise _refusal(type(owner).__module__, f"{type(owner).__qualname__}.{name}")


def _below(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _refusal(module: str, name: str) -> pickle.UnpicklingError:
    return pickle.UnpicklingError(f'"{module}.{name}" is not allowed in a model artifact')
