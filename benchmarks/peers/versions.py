"""Tells the versions of the packages that are named."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

print(json.dumps({name: version(name) for name in sys.argv[1:]}))
