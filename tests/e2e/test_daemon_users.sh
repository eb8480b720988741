#!/bin/sh
# The daemon of one user and the commands of another: who is in its group is served,
# with mails and commits that are its own, and sees nothing by it that is not.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_users
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	skip "other users" "not root, or no setpriv"
	finish
fi
[ -n "${KEEP:-}" ] || trap daemon_kill EXIT
toy_tree
series one
say mm/rmap.c "test-sleep-ms 15"
patch "mm: one"
git -C "$T/toy" checkout -q base
printf '[daemon]\ngroup = nogroup\n' >>"$T/config.ini"

# What belongs to uid 65534, where that may be.
other=$T/other
mkdir "$other"
git -C "$T/toy" format-patch -q --stdout base..one >"$other/series.mbox"
chmod 600 "$other/series.mbox"
cp -r "$T/toy" "$other/mine"
chown -R 65534:65534 "$other"
cp "$SLUICE" "$T/bin/sluice"
# What root alone may read.
git clone -q --bare "$T/toy" "$T/secret.git"
chmod 700 "$T/secret.git"

# as GROUP COMMAND...: like sl, as uid 65534 of that group.
as() {
	gid=$1
	command=$2
	shift 2
	RC=0
	HOME=$other setpriv --reuid=65534 --regid="$gid" --clear-groups \
		"$T/bin/sluice" "$command" --config-file "$T/config.ini" "$@" \
		>"$OUT" 2>&1 || RC=$?
}
group=$(getent group nogroup | cut -d : -f 3)

check "the daemon starts" daemon_start
as "$group" status
is "who is in the group may ask: exit 0" "$RC" 0
as "$group" test "$other/series.mbox"
is "its mails are tested, that only it may read: exit 0" "$RC" 0
is "in its name" "$(job 1 .sender)" "$(id -un 65534)"
as "$group" test --repo "$other/mine" base..one
is "commits of its own repository are: exit 0" "$RC" 0
as "$group" submit --repo "$T/toy" base..one
is "and those of a tree: exit 0" "$RC" 0
check "which come to their end" until_ok job_is 3 "done"

# By hand what no command would ask for.
root_file='{"op":"submit","watch":true,"request":{"source":"/etc/shadow","tree":"toy"}}'
secret="{\"op\":\"submit\",\"request\":{\"source\":\"base..one\",\"repo\":\"$T/secret.git\",
	\"input\":\"$(git -C "$T/toy" rev-parse base)..$(git -C "$T/toy" rev-parse one)\"}}"
# raw LINE PATTERN: sends it as that user; the daemon's answer up to the line with PATTERN
# in $OUT.
raw() {
	printf '%s\n' "$1" | tr -d '\n\t' | sed 's/$/\n/' |
		setpriv --reuid=65534 --regid="$group" --clear-groups \
			"$SLUICE_ROOT/build/tests/stub_unix" "$STATE/control" "$2" >"$OUT"
}
raw "$root_file" '"state":"failed"'
check "a path of the daemon's machine is not read" grep -q \
	'"state":"failed".*"reason":"/etc/shadow: is a file, and came without its mails' "$OUT"
raw "$secret" '"error"'
is "a repository of somebody else's is not" "$(cat "$OUT")" \
	"{\"error\":\"$T/secret.git is not yours\"}"

# Who is not in the group.
as 12345 test "$other/series.mbox"
is "who is not in the group is refused: exit 3" "$RC" 3
check "and why" grep -q 'control: the daemon may not be asked: Permission denied' "$OUT"
as 12345 status
check "status says that, too" grep -q 'may not be asked' "$OUT"
as 12345 show
is "the results may be read: exit 0" "$RC" 0

finish
