"""Loops over columns, compiled: numba is imported here and nowhere else.

A kernel is compiled for the types of its annotations when its module is first imported, and kept on disk; `headrace
install` does that once. It is compiled again when its file changes, or one whose functions it calls.

The arithmetic is that of Python: no operation is fused or reordered, and what is not plain arithmetic is asked of the C
library that Python asks. LLVM and numba know `pow` and `exp`, and put others in their place whose last bits differ;
so the library's go by names that they do not know.
"""

from __future__ import annotations

import ctypes
import hashlib
import inspect
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import numpy as np
import numpy.typing as npt

from schemas.printing import plain_print

with plain_print():
    import numba
    from llvmlite import binding, ir
    from numba import types
    from numba.core.caching import (
        CompileResultCacheImpl,
        FunctionCache,
        InTreeCacheLocator,
        UserProvidedCacheLocator,
        UserWideCacheLocator,
    )
    from numba.extending import intrinsic
    from numba.np.numpy_support import as_dtype

F = TypeVar("F", bound=Callable[..., Any])
N = TypeVar("N", bound=tuple[Any, ...])

Bytes = Annotated[npt.NDArray[np.uint8], types.Array(types.uint8, 1, "C", readonly=True)]
Output = Annotated[npt.NDArray[np.uint8], types.uint8[::1]]
Flags = Annotated[npt.NDArray[np.bool_], types.boolean[::1]]
Codes = Annotated[npt.NDArray[np.int32], types.int32[::1]]
Places = Annotated[npt.NDArray[np.int64], types.int64[::1]]
Floats = Annotated[npt.NDArray[np.float64], types.float64[::1]]
"""Arrays of shape `(n,)`; bytes are only read, those of an output are written."""
FlagGrid = Annotated[npt.NDArray[np.bool_], types.boolean[:, ::1]]
PlaceGrid = Annotated[npt.NDArray[np.int64], types.int64[:, ::1]]
CodeGrid = Annotated[npt.NDArray[np.int32], types.int32[:, ::1]]
FloatGrid = Annotated[npt.NDArray[np.float64], types.float64[:, ::1]]
"""Arrays of shape `(n, m)`, a row behind the other."""
CodeCube = Annotated[npt.NDArray[np.int32], types.int32[:, :, ::1]]
FloatBlocks = Annotated[npt.NDArray[np.float64], types.float64[:, :, :, ::1]]
"""Arrays of three and of four dimensions, laid out likewise."""

_SCALARS = {bool: types.boolean, int: types.int64, float: types.float64}
_UNWRAPPED = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # wrappers take half of the time to compile
_ARRAY_DATA = 4  # which part of an array is the pointer to its items
_LIBM = ctypes.CDLL("libm.so.6")
COMPILED: list[str] = []
"""The kernels of which nothing was kept, so that this process has compiled them."""


def kernel(function: F) -> F:
    """Compile a function for arguments of the types above, `bool`, `int`, `float`, and named tuples of such.

    A division by zero gives what IEEE 754 says. A kernel makes no arrays: nobody counts references to them, which had
    taken more time than the loops.
    """
    hints = get_type_hints(function, include_extras=True)
    signature = tuple(_numba_type(hints[name]) for name in inspect.signature(function).parameters)
    compiled = numba.njit(function, nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True)
    compiled._cache = _Kept(function)
    compiled.compile(signature)
    compiled.disable_compile()
    if not compiled.stats.cache_hits:
        COMPILED.append(f"{function.__module__}.{function.__qualname__}")
    return compiled  # type: ignore[no-any-return]


class _Beside(InTreeCacheLocator):  # type: ignore[misc]  # numba has no types
    """Keeps kernels beside their module, and finds them there also where nothing may be written, as in an image.

    Else they are kept for the user, or, where that cannot be, nowhere.
    """

    @classmethod
    def from_function(cls, function: Any, file: str) -> Any:
        where_it_may_write = super().from_function(function, file)
        if where_it_may_write:
            return where_it_may_write
        beside = cls(function, file)
        if any(Path(beside.get_cache_path()).glob(f"{Path(file).stem}.*.nbi")):
            return beside
        return UserWideCacheLocator.from_function(function, file) or beside


class _Places(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (UserProvidedCacheLocator, _Beside)


class _Kept(FunctionCache):  # type: ignore[misc]
    """What numba keeps on disk of a function, under a version of its own.

    By itself numba looks at the function's own file only, and not before it has loaded what it kept, which names types
    that may be gone.
    """

    _impl_class = _Places

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        made_of = sorted({_text(__file__), *_made_of(function)})
        self._cache_file._version += f" {hashlib.sha256(repr(made_of).encode()).hexdigest()}"

    def save_overload(self, signature: Any, data: Any) -> None:
        if os.access(self.cache_path, os.W_OK):
            super().save_overload(signature, data)


def _made_of(function: Callable[..., Any]) -> Iterator[str]:
    """The files of a function and of the compiled ones that it calls, and the constants that these name."""
    yield _text(function.__code__.co_filename)
    for name in function.__code__.co_names:
        value: Any = function.__globals__.get(name)
        if hasattr(value, "py_func"):
            yield from _made_of(value.py_func)
        elif isinstance(value, int | float | str | tuple):
            yield f"{name} = {value!r}"


@cache
def _text(file: str) -> str:
    return Path(file).read_text()


def shared(function: F) -> F:
    """Compile a function for kernels to call, as part of each."""
    return numba.njit(function, error_model="numpy", forceinline=True, _nrt=False, **_UNWRAPPED)  # type: ignore[no-any-return]


@intrinsic  # type: ignore[untyped-decorator]
def byte_at(_: Any, values: Any, at: Any) -> Any:
    """A byte of an array, for kernels only: signed like all else, as numba makes a float of what may be either."""
    return types.int64(values, types.int64), lambda _, builder, __, asked: _loaded(builder, asked, 8)


@intrinsic  # type: ignore[untyped-decorator]
def word_at(_: Any, values: Any, at: Any) -> Any:
    """Eight bytes of an array, the lowest first, from any position on; for kernels only."""
    return types.int64(values, types.int64), lambda _, builder, __, asked: _loaded(builder, asked, 64)


def _loaded(builder: Any, asked: Any, bits: int) -> Any:
    array, at = asked
    place = builder.gep(builder.extract_value(array, _ARRAY_DATA), [at])
    number = builder.load(builder.bitcast(place, ir.IntType(bits).as_pointer()), align=1)
    return number if bits == 64 else builder.zext(number, ir.IntType(64))


def blank(kind: type[N]) -> N:
    """A named tuple of arrays that has no row yet.

    >>> from typing import NamedTuple
    >>> class Sums(NamedTuple):
    ...     counts: Places
    ...     totals: FloatGrid
    >>> [(array.shape, array.dtype.name) for array in blank(Sums)]
    [((0,), 'int64'), ((0, 0), 'float64')]
    """
    return kind._make(np.zeros((0,) * dimensions, dtype) for dimensions, dtype in _arrays(kind))  # type: ignore[attr-defined, no-any-return]


@cache
def _arrays(kind: Any) -> list[tuple[int, Any]]:
    """The dimensions and dtypes of a named tuple of arrays."""
    hints = get_type_hints(kind, include_extras=True)
    arrays = [_numba_type(hints[name]) for name in kind._fields]
    return [(array.ndim, as_dtype(array.dtype)) for array in arrays]


def _numba_type(hint: Any) -> Any:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if hasattr(hint, "_fields"):
        hints = get_type_hints(hint, include_extras=True)
        fields = [_numba_type(hints[name]) for name in hint._fields]
        if len(set(fields)) == 1:
            return types.NamedUniTuple(fields[0], len(fields), hint)
        return types.NamedTuple(fields, hint)
    return get_args(hint)[1]


def _of_library(name: str, arguments: int) -> Any:
    symbol = f"headrace_{name}"
    binding.add_symbol(symbol, ctypes.cast(getattr(_LIBM, name), ctypes.c_void_p).value)
    return types.ExternalFunction(symbol, types.float64(*[types.float64] * arguments))


power: Callable[[float, float], float] = _of_library("pow", 2)
exp: Callable[[float], float] = _of_library("exp", 1)
log: Callable[[float], float] = _of_library("log", 1)
log2: Callable[[float], float] = _of_library("log2", 1)
erf: Callable[[float], float] = _of_library("erf", 1)
"""The C library's, for kernels only."""
