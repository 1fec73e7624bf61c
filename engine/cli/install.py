"""`headrace install`: what pip cannot install."""

from __future__ import annotations

from importlib import import_module

import typer

KERNELS = (
    "models.compiled.pipeline",
    "models.tallies",
    "schemas.column_program",
    "schemas.columns",
    "schemas.word_kernels",
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(install)


def install() -> None:
    """Download the locked jars, compile the JVM shim, the codec and the learners; does nothing where that is done."""
    from engine.jars import install as install_jars
    from engine.jvm.compile import shim_jar

    install_jars()
    shim_jar()
    compile_kernels()


def compile_kernels() -> list[str]:
    """Compile those kernels of which nothing is kept; their names."""
    for module in KERNELS:
        import_module(module)
    from schemas.kernel import COMPILED

    return COMPILED
