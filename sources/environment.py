"""What a workflow may name and not hold: secrets, in environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from schemas.errors import Fatal


def filled_in(text: str, environment: Mapping[str, str], what: str) -> str:
    """A text with the values of the environment variables that it names. Raises Fatal, naming `what` wants them.

    >>> filled_in("Bearer ${TOKEN}", {"TOKEN": "abc"}, "endpoint")
    'Bearer abc'
    >>> filled_in("${PW}", {}, 'query "orders"')
    Traceback (most recent call last):
    schemas.errors.Fatal: query "orders": environment variable 'PW' is not set
    """
    try:
        return Template(text).substitute(environment)
    except KeyError as error:
        raise Fatal(f"{what}: environment variable {error} is not set") from None
    except ValueError as error:
        raise Fatal(f"{what}: {error}", hint="write ${NAME} for an environment variable, and $$ for a dollar") from None
