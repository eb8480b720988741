# tiers.sh: a world with a deep suite and a deep config, for the tests on tiers. To be
# sourced after lib.sh and toy_tree.
# shellcheck shell=sh

# One deep suite beside the suite toy, and a config whose kernels have one file more.
printf '[suite]\ntier = deep\n' >"$T/data/runners/suites/toy-deep.ini"
for name in zeta eta; do
	printf '[test %s]\nprogram = toy\nargs = %s\ndeadline = 3s\n' $name $name
done >>"$T/data/runners/suites/toy-deep.ini"
debug_config() {
	printf '# sluice: include=toy.config\n%s\nCONFIG_KSM=y\n' "$1" \
		>"$T/data/kernels/configs/toy-debug.config"
}
debug_config '# sluice: tier=deep
# sluice: target=bzImage
# sluice: cmdline=toy.debug=on
# sluice: slowdown=3'

# six NAME [N COMMAND...]: a series of six patches; the Nth also does COMMAND.
six() {
	series "$1"
	six_at=${2:-0}
	six_name=$1
	shift
	[ $# = 0 ] || shift
	for n in 1 2 3 4 5 6; do
		say mm/swap.c "note $six_name $n"
		[ "$n" != "$six_at" ] || "$@"
		patch "mm/swap: patch $n of $six_name"
	done
}

# change N COMMAND...: patch N of the series made last does COMMAND, too.
change() {
	change_at=$1
	shift
	git -C "$T/toy" checkout -q "$six_name~$((6 - change_at))"
	"$@"
	git -C "$T/toy" commit -q -a --amend --no-edit
	if [ "$change_at" -lt 6 ]; then
		git -C "$T/toy" cherry-pick "$six_name~$((6 - change_at))..$six_name" \
			>/dev/null 2>&1 || echo "Bail out! cherry-pick"
	fi
	git -C "$T/toy" checkout -q -B "$six_name"
}

test_deep() {
	test_range "$1" --topology smp4 --suite toy,toy-deep
}

test_debug() {
	test_range "$1" --topology smp4 --suite toy --config toy,toy-debug
}

# Steps where something of the deep suite ran; where the deep config was built, booted.
deep_steps() {
	jget '[.steps[] | select([.boots[].tests[].test] | any(startswith("toy-deep/"))) | .step] | join(" ")'
}
debug_builds() {
	jget '[.steps[] | select(any(.builds[]; .config == "toy-debug")) | .step] | join(" ")'
}
debug_boots() {
	jget '[.steps[] | select(any(.boots[]; .config == "toy-debug" and .status != "skipped")) | .step] | join(" ")'
}

# of CONFIG KIND TEST: "introduced 4 null [4]" of a verdict on smp4.
of() {
	jget "[.verdicts[] | select(.config == \"$1\" and .kind == \"$2\" and (.test // \"\") == \"${3:-}\") |
		\"\\(.verdict) \\(.from) \\(.until) \\(.candidates)\"] | join(\"; \")"
}

# taken_over WHAT TEST...: the same command again does no work and says the same.
taken_over() {
	jq -c '[.verdicts[] | del(.runs, .failures)]' "$T/json" >"$T/before"
	jq -c '[.steps[] | [.builds[] | [.config, .build, .not_built]], [.boots[] | .run]]' "$T/json" >"$T/work"
	builds=$(calls build)
	boots=$(calls boot)
	was=$RC
	name=$1
	shift
	"$@"
	is "$name, again: the same exit code" "$RC" "$was"
	is "$name, again: no build, no boot" "$(calls build) $(calls boot)" "$builds $boots"
	is "$name, again: the same verdicts" "$(jq -c '[.verdicts[] | del(.runs, .failures)]' "$T/json")" \
		"$(cat "$T/before")"
	is "$name, again: the same builds and boots" \
		"$(jq -c '[.steps[] | [.builds[] | [.config, .build, .not_built]], [.boots[] | .run]]' "$T/json")" \
		"$(cat "$T/work")"
}
