# lib.sh: what mutants.sh is made of. Runs in the root of the repository.
# shellcheck shell=sh

ONLY=${ONLY:-*}
TREES=${TREES:-debian-6.12 debian-6.1}
STAGES=${STAGES:-quick deep}
cache=${SLUICE_TEST_CACHE:-/var/tmp/sluice-test-$(id -u)}
STATE=${STATE:-$cache/mutants}
results=${RESULTS:-$STATE/mutants}
mutants=${MUTANTS:-tests/mutants}
SLUICE=${SLUICE:-build/sluice}
# What runs is what the keys are made of, wherever this binary was built.
SLUICE_DATADIR=${SLUICE_DATADIR:-$PWD}
SLUICE_GUESTDIR=${SLUICE_GUESTDIR:-$PWD/build/guest}
export SLUICE_DATADIR SLUICE_GUESTDIR
data=$SLUICE_DATADIR

# The build user must reach the state, root's umask or not.
mutants_begin() {
	mkdir -p "$results"
	chmod 755 "$STATE" "$results"
	if [ -z "${CONFIG_FILE:-}" ]; then
		CONFIG_FILE=$results/config.ini
		# Two boots that fail charge the patch. To be sure of each of over a hundred
		# would take days.
		printf '[sluice]\nstate_dir = %s\n[verdict]\nrepeats = once\n' "$STATE" \
			>"$CONFIG_FILE"
	fi
}

mutants_build() {
	if [ "${BUILT:-0}" = 0 ]; then
		tests/deps.sh build test >&2
		# To the Makefile, ONLY are folders.
		env -u MAKEFLAGS -u MFLAGS -u ONLY make --no-print-directory \
			-j"$(nproc)" all >&2
	fi
	unset MAKEFLAGS MFLAGS MAKELEVEL # none of our kernels' business
}

# sl COMMAND...: sluice on our state.
sl() {
	sl_command=$1
	shift
	if [ "$sl_command" = tree ]; then
		sl_command="tree $1"
		shift
	fi
	# shellcheck disable=SC2086 # "tree add" is two words
	"$SLUICE" $sl_command --config-file "$CONFIG_FILE" --state-dir "$STATE" "$@"
}

# mutants_tree NAME: makes the tree where there is none.
mutants_tree() {
	debian_tree "$1" --config-file "$CONFIG_FILE" --state-dir "$STATE"
}

# mutants_base TREE: the commit that its series are made for.
mutants_base() {
	sl tree list | awk -v name="$1" 'here { print $1; exit } $1 == name { here = 1 }'
}

# mutants_version TREE: "6.12.117"
mutants_version() {
	git --git-dir="$STATE/git" show "$(mutants_base "$1"):Makefile" |
		awk -F' *= *' '/^(VERSION|PATCHLEVEL|SUBLEVEL) =/ { printf "%s%s", dot, $2; dot = "." }'
}

# tree_words TREE: sets tree_base and tree_version, for the functions below.
tree_words() {
	tree_base=$(mutants_base "$1")
	tree_version=
	[ -z "$tree_base" ] || tree_version=$(mutants_version "$1")
}

# mutant_get FILE KEY: what the remark "# KEY: ..." says; lines "#   ..." go on.
mutant_get() {
	awk -v key="# $2:" '
		!/^#/ { exit }
		/^#   / { if (here) { sub(/^# */, ""); printf " %s", $0 }; next }
		{ here = index($0, key) == 1 }
		here { sub(/^# [^:]*: */, ""); printf "%s", $0 }' "$1"
}

# mutants_list TREE: the files for this kernel that ONLY lets through.
mutants_list() {
	for file in "$mutants"/*/*.edit; do
		case " $(mutant_get "$file" kernels) " in
		*" ${1#debian-} "*) ;;
		*) continue ;;
		esac
		name=$(basename "$file" .edit)
		set -f
		for pattern in $ONLY; do
			# shellcheck disable=SC2254 # it is a pattern
			case $name in
			$pattern)
				echo "$file"
				break
				;;
			esac
		done
		set +f
	done
}

# mutant_mbox FILE TREE MBOX: the series, as "sluice example" writes one. What does not
# fit is said on stderr.
mutant_mbox() {
	example=$results/data/kernels/examples/mutant
	rm -rf "$results/data"
	mkdir -p "$example"
	cp config.ini "$results/data/"
	printf '%s\n\n%s\n' "$(grep -m 1 '^Subject: ' "$1")" "$(mutant_get "$1" property)" \
		>"$example/0-cover.edit"
	cp "$1" "$example/1-$(basename "$1")"
	SLUICE_DATADIR=$results/data sl example --tree "$2" -o "$3" mutant >/dev/null
}

# mutants_fit TREE: one line for each that does not fit, and a count.
mutants_fit() {
	fit=0 not=0
	for file in $(mutants_list "$1"); do
		if mutant_mbox "$file" "$1" "$results/fit.mbox" 2>"$results/fit.err"; then
			fit=$((fit + 1))
			continue
		fi
		not=$((not + 1))
		sed "s|^.*/1-|$1: |" "$results/fit.err"
	done
	rm -f "$results/fit.mbox" "$results/fit.err"
	tree_words "$1"
	echo "$1 ($tree_version): $fit fit, $not do not"
}

# What a stage runs: sets suites and configs.
stage_words() {
	case $1 in
	quick) suites=${QUICK_SUITES:-mlock-migrate} configs=${QUICK_CONFIGS:-mlock} ;;
	deep) suites=mlock-migrate,mlock-migrate-deep configs=mlock,mlock-debug ;;
	*)
		echo "mutants: there is no stage \"$1\"" >&2
		exit 2
		;;
	esac
}

# What a stage's results hang on besides the edit: sets stage_key.
stage_hash() {
	[ "${stage_of:-}" != "$1" ] || return 0
	stage_words "$1"
	stage_of=$1
	stage_key=$({
		echo "$suites $configs"
		for suite in $(echo "$suites" | tr , ' '); do
			cat "${SUITES_DIR:-$data/runners/suites}/$suite.ini"
		done
		for config in $(echo "$configs" | tr , ' '); do
			cat "$data/kernels/configs/$config.config"
		done
		cat "$SLUICE_GUESTDIR"/*
	} | sha256sum)
}

# mutant_key FILE BASE TOPOLOGY: what the result hangs on, in the stage of stage_hash.
mutant_key() {
	{
		echo "$stage_key $2"
		sed '/^#/d' "$1"
		for t in $(echo "$3" | tr , ' '); do cat "$data/runners/topologies/$t.ini"; done
	} | sha256sum | cut -c 1-16
}

# known FILE KEY: whether the file has a result with this key.
known() {
	[ "$(jq -r .key "$1" 2>/dev/null)" = "$2" ]
}

# run_one FILE TREE STAGE TOPOLOGY: puts it through sluice test; the result becomes
# $out. Fails when it was lost.
run_one() {
	name=$(basename "$1" .edit)
	dir=$results/$2/$name
	out=$dir/$3-$4.json
	key=$(mutant_key "$1" "$tree_base" "$4")
	! known "$out" "$key" || return 0
	mkdir -p "$dir"
	begin=$(date +%s)
	if ! mutant_mbox "$1" "$2" "$dir/mbox" 2>"$dir/err"; then
		echo '{"steps": [], "verdicts": []}' >"$dir/json"
	else
		rc=0
		sl test --tree "$2" --topology "$4" --suite "$suites" --config "$configs" \
			--json "$dir/test.json" "$dir/mbox" >"$dir/log" 2>&1 || rc=$?
		if [ $rc -gt 1 ]; then
			echo "mutants: $name on $4: sluice test exits with $rc, see $dir/log" >&2
			return 1
		fi
		sl show --json "s$(jq -r .series.id "$dir/test.json")" >"$dir/json"
	fi
	jq --arg mutant "$name" --arg tree "$2" --arg version "$tree_version" \
		--arg base "$tree_base" --arg stage "$3" --arg topology "$4" \
		--arg key "$key" --arg date "$(date -u +%F)" \
		--arg seconds $(($(date +%s) - begin)) \
		--rawfile said "$(test -s "$dir/err" && echo "$dir/err" || echo /dev/null)" \
		-f tests/mutants/result.jq "$dir/json" >"$out.new" || return 1
	mv "$out.new" "$out"
	rm -f "$dir/json" "$dir/test.json" "$dir/err"
	jq -r '"\(.mutant) \(.version) \(.stage) \(.topology): \(.result) \(.by | map(.test) | unique | join(" "))"' "$out"
}

# runs_of FILE TREE: its results that are kept, each with "stale": whether what it hangs
# on has changed since. Where the state has no such tree, its base is not looked at.
runs_of() {
	for out in "$results/$2/$(basename "$1" .edit)"/*-*.json; do
		[ -e "$out" ] || continue
		stage_hash "$(jq -r .stage "$out")"
		key=$(mutant_key "$1" "${tree_base:-$(jq -r .base "$out")}" "$(jq -r .topology "$out")")
		jq --arg key "$key" '.stale = (.key != $key)' "$out"
	done
}

# was_caught FILE TREE: by a result that still holds; or there is nothing to be caught.
was_caught() {
	runs_of "$1" "$2" | jq -e -s 'any(.[]; (.stale | not) and .result != "survived")' >/dev/null
}

# topologies_of FILE: those that matter to it.
topologies_of() {
	of=${TOPOLOGIES:-$(mutant_get "$1" topologies)}
	echo "${of:-numa2 smp4}"
}

# nth_topology FILE N: the Nth of them, or nothing.
nth_topology() {
	topologies_of "$1" | tr ' ' '\n' | sed -n "$2p"
}

# mutants_run TREE STAGE: all of them. In the quick stage the first topology of each comes
# first, and the next one only where that did not catch it; in the deep one all at once,
# for what is neither caught nor equivalent.
mutants_run() {
	stage_hash "$2"
	tree_words "$1"
	run_rc=0
	for nth in 1 2 3 4 5 6; do
		for run_file in $(mutants_list "$1"); do
			if [ "$2" = deep ]; then
				[ $nth = 1 ] && [ "$(mutant_get "$run_file" expect)" != equivalent ] ||
					continue
				topology=$(topologies_of "$run_file" | tr ' ' ,)
			else
				topology=$(nth_topology "$run_file" $nth)
			fi
			[ -n "$topology" ] || continue
			[ $nth$2 = 1quick ] || ! was_caught "$run_file" "$1" || continue
			run_one "$run_file" "$1" "$2" "$topology" || run_rc=1
		done
	done
	return $run_rc
}

# The list as JSON: what the remarks say of each, with its results.
mutants_json() {
	for tree in $TREES; do
		tree_words "$tree"
		for file in $(mutants_list "$tree"); do
			runs_of "$file" "$tree" | jq -s --arg mutant "$(basename "$file" .edit)" \
				--arg tree "$tree" --arg property "$(mutant_get "$file" property)" \
				--arg made "$(mutant_get "$file" made)" \
				--arg expect "$(mutant_get "$file" expect)" \
				--arg why "$(mutant_get "$file" why)" \
				--arg at "$(sed -n 's/^@@ //p' "$file" | head -n 1)" \
				'{ mutant: $mutant, tree: $tree, property: $property, made: $made,
				   expect: $expect, why: $why, at: $at, runs: . }'
		done
	done | jq -s .
}

mutants_table() {
	mutants_json | jq -r -L tests/mutants 'include "report"; table'
}

mutants_page() {
	mutants_json | jq -r -L tests/mutants --rawfile sharpen tests/mutants/sharpen.md \
		'include "report"; page("make mutants"; $sharpen)'
}
