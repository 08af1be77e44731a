#!/usr/bin/env bash
# Installs what reads our exports as tools for life-cycle assessment do: a virtual environment with the pinned packages of
# requirements.txt, below the user's cache (needs python3-venv; 650 MB, some two minutes).
# Usage: test/interop/lca/install.sh
# The folder's name carries a digest of what it was made from, so a change makes a new one; installed.ts looks there.
set -eu -o pipefail
export LC_ALL=C
cd "$(dirname "$0")"
target="${XDG_CACHE_HOME:-$HOME/.cache}/millwatt/interop/lca-$(sha256sum requirements.txt | cut -c1-12)"
[ -x "$target/bin/python" ] && exit
# The folder gets its name when it is complete: what was broken off is not taken for installed.
part="$target.part" && rm -rf "$part" && mkdir -p "$(dirname "$target")"
python3 -m venv "$part"
"$part/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r requirements.txt
rm -rf "$target" && mv "$part" "$target" && echo "installed $target"
