#!/usr/bin/env bash
# Makes `server` beside this file, or where the first argument says: a server for `--external`, with the
# uWebSockets that the crate libuwebsockets-sys carries. Needs cargo, a C and a C++ compiler and zlib's headers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
server=$(realpath -m "${1:-$here/server}")
readonly VERSION=0.0.10

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name sources
cargo add --quiet "libuwebsockets-sys@=$VERSION"
cargo vendor --quiet >vendored

uws=vendor/libuwebsockets-sys/uWebSockets
flags=(-O3 -flto=auto -DLIBUS_NO_SSL -I"$uws/uSockets/src")
cc "${flags[@]}" -c "$uws"/uSockets/src/*.c "$uws"/uSockets/src/eventing/*.c
c++ "${flags[@]}" -std=c++20 -I"$uws/src" -o "$server" "$here/server.cpp" ./*.o -lz
