#!/bin/sh
# first-run.sh [--no-serve]: from a fresh clone to a tested series. Installs what
# is missing, builds, makes Debian's 6.12 the base tree debian-6.12, tests the
# example series that sluice ships, and serves the result until Ctrl-C.
# NONINTERACTIVE=1 in the environment does as --no-serve. STATE_DIR=DIR keeps the
# state elsewhere.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tree.sh disable=SC1091
. tests/tree.sh
tree=debian-6.12
serve=1
[ "${1:-}" != --no-serve ] || serve=""
[ -z "${NONINTERACTIVE:-}" ] || serve=""

say() {
	printf '\n==> %s\n' "$*"
}

sluice() {
	command=$1
	shift
	build/sluice "$command" ${STATE_DIR:+--state-dir "$STATE_DIR"} "$@"
}

say "Looking for what sluice needs"
tests/deps.sh build tree

say "Building sluice"
make -j"$(nproc)" all

debian_tree "$tree" ${STATE_DIR:+--state-dir "$STATE_DIR"}

say "Testing the example series: five patches to mm/, tested after every patch."
echo "    The first time the base kernel is built, which takes some minutes."
[ -w /dev/kvm ] || echo "    Without KVM all of it takes most of an hour. Ctrl-C and the same command go on."
mbox=$(mktemp)
trap 'rm -f "$mbox"' EXIT
sluice example --tree "$tree" -o "$mbox" >/dev/null
rc=0
sluice test --tree "$tree" "$mbox" || rc=$?
# 1 says that the series breaks something: that is what this example is for.
[ "$rc" -le 1 ] || exit "$rc"

if [ -n "$serve" ]; then
	say "Serving the results; Ctrl-C ends it"
	rm -f "$mbox"
	# Where the usual port is taken, any free one does.
	sluice serve || sluice serve --listen 127.0.0.1:0
fi
