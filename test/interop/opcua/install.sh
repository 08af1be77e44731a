#!/usr/bin/env bash
# Installs what the OPC UA interop suite needs, each in a folder of its own below the user's cache:
#   asyncua   a virtual environment with the pinned packages of asyncua/requirements.txt (needs python3-venv)
#   milo      the server of milo/ with its libraries, built by Maven (needs default-jdk-headless and maven)
# Usage: test/interop/opcua/install.sh [asyncua] [milo]      both where none is named
# A folder's name carries a digest of what it was made from, so a change makes a new one; foreign-server.ts looks there.
set -eu -o pipefail
export LC_ALL=C
cd "$(dirname "$0")"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/millwatt/interop"

digest() { cat "$@" | sha256sum | cut -c1-12; }

# A folder gets its name when it is complete: what was broken off is not taken for installed.
finish() { rm -rf "$2" && mv "$1" "$2" && echo "installed $2"; }

install_asyncua() {
  local target part
  target="$cache/asyncua-$(digest asyncua/requirements.txt)"
  [ -x "$target/bin/python" ] && return
  part="$target.part" && rm -rf "$part" && mkdir -p "$cache"
  python3 -m venv "$part"
  "$part/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r asyncua/requirements.txt
  finish "$part" "$target"
}

install_milo() {
  local target part
  target="$cache/milo-$(digest milo/pom.xml milo/src/main/java/foreign/*.java)"
  [ -e "$target/target/classes/foreign/Foreign.class" ] && return
  part="$target.part" && rm -rf "$part" && mkdir -p "$cache"
  cp -r milo "$part"
  (cd "$part" && mvn --batch-mode --no-transfer-progress --quiet compile dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory=lib)
  finish "$part" "$target"
}

[ $# -gt 0 ] || set -- asyncua milo
for what in "$@"; do
  case "$what" in
    asyncua | milo) "install_$what" ;;
    *) echo "unknown: $what" >&2 && exit 2 ;;
  esac
done
