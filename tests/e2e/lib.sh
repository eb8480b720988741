# lib.sh: what the end-to-end tests share. Each test sources it, calls begin, and
# ends with finish. Reports in TAP. Everything a test makes lies in $T, a folder
# of its own that the build user can reach; data, guest programs and tools come
# from there too, so that nothing of the machine's own sluice is touched.
#
# The toy world: tests/data/toy-tree (a kernel tree that builds in a second), a
# config "toy", a suite "toy" with the tests alpha, beta, gamma, topologies of one
# and two nodes, and a QEMU that does what a string in the image says
# (tests/stubs/stub_qemu.c). Real are git, make, gcc, bwrap, and sluice.
# shellcheck shell=sh

SLUICE_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
SLUICE=$SLUICE_ROOT/build/sluice
N=0
BAD=0

ok() {
	N=$((N + 1))
	echo "ok $N - $1"
}

not_ok() {
	N=$((N + 1))
	BAD=$((BAD + 1))
	echo "not ok $N - $1"
	[ ! -s "${OUT:-/dev/null}" ] || tail -n 25 "$OUT" | sed 's/^/# /'
}

skip() {
	N=$((N + 1))
	echo "ok $N - $1 # SKIP $2"
}

# check NAME COMMAND...: a test point.
check() {
	check_name=$1
	shift
	if "$@" >"$T/check.out" 2>&1; then
		ok "$check_name"
	else
		not_ok "$check_name"
		echo "# failed: $*"
		sed 's/^/# /' "$T/check.out" | tail -n 10
	fi
}

is() { # is NAME GOT WANT
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '# got:  %s\n# want: %s\n' "$2" "$3"
	fi
}

finish() {
	echo "1..$N"
	[ "$BAD" = 0 ]
	exit
}

# In the cache folder, since a mktemp -d is closed to the build user.
begin() {
	base=${SLUICE_TEST_CACHE:-/var/tmp/sluice-test-$(id -u)}
	mkdir -p "$base" && chmod 755 "$base" || exit 1
	T=$(mktemp -d "$base/$1.XXXXXX") || exit 1
	chmod 755 "$T"
	if [ -z "${KEEP:-}" ]; then
		trap 'rm -rf "$T"' EXIT
		trap 'exit 130' INT TERM
	fi
	OUT=$T/out
	STATE=$T/state
	HOME=$T/home
	export HOME
	mkdir -p "$HOME"
	unset XDG_CONFIG_HOME XDG_STATE_HOME COLUMNS
	GIT_CONFIG_NOSYSTEM=1
	GIT_AUTHOR_NAME="A U Thor" GIT_AUTHOR_EMAIL=author@example.org
	GIT_COMMITTER_NAME="A U Thor" GIT_COMMITTER_EMAIL=author@example.org
	export GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME \
		GIT_COMMITTER_EMAIL
	write_data
	write_config
}

write_data() {
	SLUICE_DATADIR=$T/data
	SLUICE_GUESTDIR=$T/guest
	export SLUICE_DATADIR SLUICE_GUESTDIR
	mkdir -p "$T/data/kernels/configs" "$T/data/runners/suites" "$T/guest" "$T/bin"
	cp -r "$SLUICE_ROOT/runners/topologies" "$T/data/runners/"
	mkdir -p "$T/data/web" && cp -r "$SLUICE_ROOT/web/static" "$T/data/web/"
	cp "$SLUICE_ROOT/config.ini" "$T/data/"
	printf '# sluice: arch=x86_64\n# sluice: target=vmlinux\nCONFIG_MIGRATION=y\n' \
		>"$T/data/kernels/configs/toy.config"
	printf '[suite]\ndescription = toy\n' >"$T/data/runners/suites/toy.ini"
	for name in alpha beta gamma; do
		printf '[test %s]\nprogram = toy\nargs = %s\ndeadline = 3s\n' $name $name
	done >>"$T/data/runners/suites/toy.ini"
	printf 'init\n' >"$T/guest/init"
	printf 'toy\n' >"$T/guest/toy"
	chmod 755 "$T/guest/init" "$T/guest/toy"
	cp "$SLUICE_ROOT/build/tests/stub_qemu" "$T/bin/qemu"
	# What was started in the sandbox, for tests that count.
	: >"$T/calls"
	chmod 666 "$T/calls"
	cat >"$T/bin/bwrap" <<-END
		#!/bin/sh
		case " \$* " in
		*" role build "*) echo build ;;
		*" role selftests "*) echo selftests ;;
		*" $T/bin/qemu "*) echo boot ;;
		*" role "*) echo other ;;
		esac >>"$T/calls"
		exec bwrap "\$@"
	END
	chmod 755 "$T/bin/bwrap"
}

write_config() {
	cat >"$T/config.ini" <<-END
		[sluice]
		tree = toy
		config = toy
		topology = smp4,numa2
		suite = toy
		state_dir = $STATE
		[boot]
		accel = tcg
		timeout = 5s
		[verdict]
		repeats = once
		[programs]
		qemu = $T/bin/qemu
		bwrap = $T/bin/bwrap
	END
}

# sl COMMAND...: sluice with the test's configuration; output in $OUT, exit code in RC.
sl() {
	case $1 in
	tree)
		sl_command="tree $2"
		shift 2
		;;
	*)
		sl_command=$1
		shift
		;;
	esac
	RC=0
	# shellcheck disable=SC2086 # "tree add" is two words
	"$SLUICE" $sl_command --config-file "$T/config.ini" "$@" >"$OUT" 2>&1 || RC=$?
}

# The toy tree as a git repository, $T/toy, branch base, and as the tree "toy".
toy_tree() {
	mkdir -p "$T/toy"
	cp -r "$SLUICE_ROOT/tests/data/toy-tree/." "$T/toy/"
	git -C "$T/toy" init -q -b base
	git -C "$T/toy" add -f .
	GIT_AUTHOR_DATE='2024-01-01 00:00:00 +0000' GIT_COMMITTER_DATE='2024-01-01 00:00:00 +0000' \
		git -C "$T/toy" commit -q -m "toy: base"
	sl tree add toy "$T/toy"
	[ "$RC" = 0 ] || {
		cat "$OUT"
		echo "Bail out! no toy tree"
		exit 1
	}
}

# series NAME: the patches that follow go onto a new branch from base.
series() {
	git -C "$T/toy" checkout -q -B "$1" base
	PATCH=0
}

# patch SUBJECT: commits what lies in $T/toy.
patch() {
	PATCH=$((PATCH + 1))
	git -C "$T/toy" add -A -f
	GIT_AUTHOR_DATE="2024-01-02 00:0$PATCH:00 +0000" \
		git -C "$T/toy" commit -q --allow-empty -m "$1" -m "A patch of a test."
}

# tagged SUBJECT: a commit with an image of its own, and a tag of that name.
tagged() {
	say mm/swap.c "boot ok"
	git -C "$T/toy" add -A -f
	git -C "$T/toy" commit -q -m "$1"
	git -C "$T/toy" tag -f "$1" >/dev/null
}

# say FILE ORDER: puts an order for the stub into a source file of the toy tree.
say() {
	say_n=$((${say_n:-0} + 1))
	printf '\nTOY_SAYS(order%d, "stub: %s");\n' "$say_n" "$2" >>"$T/toy/$1"
}

# unsay FILE: takes all orders out again.
unsay() {
	grep -v '^TOY_SAYS(order' "$T/toy/$1" | sed '$!b;/^$/d' >"$T/unsay"
	cat "$T/unsay" >"$T/toy/$1"
}

# A range of the toy is refused where a tree or a base is asked for as well.
range_has_a_base() { # range_has_a_base A..B
	for option in tree base; do
		sl test --repo "$T/toy" --$option base "$1"
		is "a range with --$option: exit 2" "$RC" 2
		check "a range with --$option: says so" \
			grep -q "a base of its own: --$option does not go with $1" "$OUT"
	done
}

# test_range BRANCH [OPTION...]: sluice test of base..BRANCH; JSON in $T/json.
test_range() {
	branch=$1
	shift
	rm -f "$T/json"
	sl test --repo "$T/toy" --json "$T/json" "$@" "base..$branch"
	git -C "$T/toy" checkout -q base
}

# jget FILTER: one line of the last run's JSON.
jget() {
	jq -r -c "$1" "$T/json" 2>&1
}

# verdict TEST TOPOLOGY: "transient 2 3"
verdict() {
	jget "[.verdicts[] | select(.kind == \"test\" and .test == \"$1\" and
		.topology == \"$2\") | \"\\(.verdict) \\(.from) \\(.until)\"] | join(\"; \")"
}

# verdict_kind KIND: those of a kind that are no pass: "introduced 2 null"
verdict_kind() {
	jget "[.verdicts[] | select(.kind == \"$1\" and .verdict != \"pass\") |
		\"\\(.verdict) \\(.from) \\(.until)\"] | unique | join(\"; \")"
}

# doc_block TITLE LANGUAGE: that code block of the section in docs/HACKING.md.
doc_block() {
	awk -v title="## $1" -v fence="\`\`\`$2" '
		/^## / { here = $0 == title }
		/^```$/ { out = 0 }
		out { print }
		here && $0 == fence { out = 1 }' "$SLUICE_ROOT/docs/HACKING.md"
}

# real_world NAME [VERSION]: like begin, for tests on Debian's linux (6.12): its tree
# and builds are kept in the cache folder, so that the base is built only once. Boots
# are done anew each time, since the kernel command line is another; repeats are few,
# but where a test asks for more. Ends the test
# where there is no such tree.
real_world() {
	begin "$1"
	unset SLUICE_DATADIR SLUICE_GUESTDIR
	version=${2:-6.12}
	cache=$base/real
	[ "$version" = 6.12 ] || cache=$cache-$version
	tarball=/usr/src/linux-source-$version.tar.xz
	if [ ! -e "$tarball" ]; then
		skip "$1" "no $tarball"
		finish
	fi
	mkdir -p "$cache" && chmod 755 "$cache"
	now=$(date +%s)
	printf '[sluice]\ntree = debian-%s\nsuite = mlock-migrate\nstate_dir = %s/state\n[boot]\ncmdline = sluice.check=%s\n[verdict]\nrepeats = once\n' \
		"$version" "$cache" "$now" >"$T/config.ini"
	STATE=$cache/state
	# The cache is only good for the same tarball, and where this sluice can read it:
	# a newer one, of another branch, may have written its database.
	stamp=$(sha256sum "$tarball" | cut -d ' ' -f 1)
	sl tree list
	if [ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ] &&
		! grep -q "written by a newer sluice" "$OUT"; then
		echo "# the state of $cache is used again"
		return
	fi
	rm -rf "$STATE"
	mkdir -p "$STATE"
	sl tree add "debian-$version" "$tarball"
	is "tree add: Debian's $version" "$RC" 0
	[ "$RC" = 0 ] && echo "$stamp" >"$cache/stamp"
}

# brief_suite: a suite "brief" of the one case that tells the bug of the examples "mlock"
# and "flaky", so that a boot takes seconds.
brief_suite() {
	mkdir -p "$T/suites"
	cat >"$T/suites/brief.ini" <<-END
		[suite]
		description = what tells the bug

		[test compaction]
		program = mlock-migrate
		args = compaction
		deadline = 60s
	END
	sed -i "s|^\[sluice\]\$|&\nsuites_dir = $T/suites|" "$T/config.ini"
}

# comment_patch: a series of one patch that changes a comment, in $T/one.mbox: the
# image stays what it was, and its boots are the base's.
comment_patch() {
	sl example -o "$T/mbox" mlock
	awk '/^From / { n++ } n == 3' "$T/mbox" | sed 's|\[PATCH [^]]*\]|[PATCH]|' >"$T/one.mbox"
}

# calls WHAT: how many builds or boots were started so far.
calls() {
	grep -c "^$1\$" "$T/calls"
}
