#!/bin/sh
# quiet.sh [--figures]: how silent the suites are on good kernels, by "sluice quiet".
# Installs what is missing, builds, and makes Debian's kernels base trees where they
# are none yet. The environment says what:
#   N=100              boots of each kernel; with those kept, so a second call goes on
#   QUICK=10           rounds of the quick suite in each boot
#   TREES="debian-6.12 debian-6.1"   debian-X comes from /usr/src/linux-source-X.tar.xz
#   TOPOLOGIES=        list; empty: all
#   SUITES=            list with repeats; empty: mlock-migrate*$QUICK,mlock-migrate-deep
#   CONFIG=            kernel config; empty: the configured one
#   STATE=             state folder; empty: the usual one
#   PARALLEL=1         guests at a time
# Exits as sluice quiet does: 1 on any failure.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tree.sh disable=SC1091
. tests/tree.sh
N=${N:-100}
QUICK=${QUICK:-10}
TREES=${TREES:-debian-6.12 debian-6.1}
SUITES=${SUITES:-mlock-migrate*$QUICK,mlock-migrate-deep}

say() {
	printf '\n==> %s\n' "$*"
}

say "Looking for what is needed"
tests/deps.sh build

say "Building sluice"
make --no-print-directory -j"$(nproc)" all
unset MAKEFLAGS MFLAGS MAKELEVEL # none of our kernels' business

for name in $TREES; do
	debian_tree "$name" ${STATE:+--state-dir "$STATE"} || exit 2
done

say "Measuring: $N boots of each kernel, $SUITES"
# shellcheck disable=SC2086 # lists of words
set -- -n "$N" --tree "$(echo $TREES | tr ' ' ',')" --suite "$SUITES" "$@"
exec build/sluice quiet ${STATE:+--state-dir "$STATE"} ${TOPOLOGIES:+--topology "$TOPOLOGIES"} \
	${CONFIG:+--config "$CONFIG"} ${PARALLEL:+--parallel "$PARALLEL"} "$@"
