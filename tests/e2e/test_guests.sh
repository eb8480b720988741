#!/bin/sh
# Guests that die, hang, flood and lie: each is told by its own word, none takes
# sluice with it, and what is our own trouble is charged to nobody.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin guests
toy_tree

# guest ORDER: a series of one patch that gives the stub this order.
guest() {
	series "guest"
	say mm/rmap.c "$1"
	patch "mm/rmap: $1"
	test_range guest --topology smp4
}

# dies WORD ORDER STATUS: the boot has this status and the patch is charged.
dies() {
	guest "$2"
	is "$1: exit 1" "$RC" 1
	is "$1: status" "$(jget '.steps[1].boots[0].status')" "$3"
	is "$1: charged to patch 1" "$(verdict_kind boot)" "introduced 1 null"
	is "$1: the base is fine" "$(jget '.steps[0].boots[0].status')" ok
}

dies "panic at boot" "boot panic" panic
dies "reset at boot" "boot reset" reset
dies "watchdog" "boot watchdog" hang
dies "hang before init" "boot hang" timeout
dies "power off before init" "boot poweroff" no-result
dies "console flood" "boot flood" no-result
dies "no end frame" "boot noend" no-result

guest "test toy/beta panic"
is "panic in a test: exit 1" "$RC" 1
is "panic in a test: that test crashed" "$(verdict toy/beta smp4)" "introduced 1 null"
is "panic in a test: those after it were run without it" "$(verdict toy/gamma smp4)" "pass null null"
is "panic in a test: those before it count" "$(verdict toy/alpha smp4)" "pass null null"

guest "test toy/gamma hang"
is "hang in a test: exit 1" "$RC" 1
check "hang in a test: gamma is charged" \
	test "$(verdict toy/gamma smp4)" = "introduced 1 null"

guest "boot forge"
is "forged frames: no fail, no splat of theirs" "$RC" 0
is "forged frames: the results are the real ones" "$(verdict toy/alpha smp4)" "pass null null"

guest "boot noise"
is "noise on the port: exit 0" "$RC" 0

guest "boot die"
is "QEMU killed: exit 3" "$RC" 3
is "QEMU killed: infra" "$(jget '[.steps[1].boots[] | .status] | unique | join(" ")')" infra
is "QEMU killed: charged to nobody" \
	"$(jget '[.verdicts[] | select(.verdict == "introduced")] | length')" 0
check "QEMU killed: said in words" grep -q "lost to sluice" "$OUT"

guest "boot badqmp"
is "broken QMP: exit 3" "$RC" 3

guest "boot qmpflood"
check "QMP flood: ends" test "$RC" = 1 -o "$RC" = 3

finish
