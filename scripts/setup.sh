#!/bin/sh
# Installs everything into the virtual environment; called by `make setup`.
set -eu

fail() {
    echo "error: $1" >&2
    echo "hint: $2" >&2
    exit 1
}

supported='import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))'

[ -n "$PYTHON" ] || fail "there is no Python" "install Python 3.11 or 3.12, or name one: make setup PYTHON=/path/to/python3.11"
"$PYTHON" -c "$supported" 2>/dev/null || fail "headrace needs Python 3.11 or 3.12, and $PYTHON is $("$PYTHON" -V 2>&1 | head -n 1)" \
    "name another one: make setup PYTHON=python3.11"
if [ -e "$VENV" ] && ! "$VENV/bin/python" -c "$supported" 2>/dev/null; then
    rm -rf "$VENV"
fi
if [ ! -x "$VENV/bin/pip" ]; then
    echo "making the virtual environment $VENV with $("$PYTHON" -V)"
    "$PYTHON" -m venv "$VENV" || fail "$PYTHON cannot make a virtual environment" \
        "Debian and Ubuntu have that in a package of its own: python3-venv"
fi
echo "installing the locked packages"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" ||
    fail "uv $UV_VERSION cannot be installed" "check the network and its proxy, or name a mirror in pip's own configuration"
"$VENV/bin/uv" pip sync --quiet --compile-bytecode --python "$VENV/bin/python" --require-hashes locks/dev.txt ||
    fail "the locked packages cannot be installed" "check the network and its proxy, or name a mirror: UV_DEFAULT_INDEX"
"$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --no-deps --editable . ||
    fail "headrace itself cannot be installed" "check the network: what builds it is downloaded"
echo "installing the locked jars, compiling the shim, the codec and the learners"
"$VENV/bin/headrace" install
