#!/bin/sh
# Retention: by age and size, by hand and by the daemon, and when the disk runs full.
# Verdicts stay, what was dropped says so, and what is needed again is built again.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
# shellcheck source=tests/e2e/keep.sh disable=SC1091
. "$(dirname "$0")/keep.sh"
begin keep
[ -n "${KEEP:-}" ] || trap daemon_kill EXIT
toy_tree
series bad
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta"
git -C "$T/toy" checkout -q base
test_range bad --topology smp4
is "a series is tested" "$RC" 1

# age DAYS: all that is there was used that long ago.
age() {
	sql "UPDATE artifact SET used = used - $1 * 86400;
		UPDATE series SET updated = updated - $1 * 86400;
		UPDATE build SET finished = finished - $1 * 86400;
		UPDATE boot SET finished = finished - $1 * 86400;
		UPDATE job SET finished = finished - $1 * 86400 WHERE finished IS NOT NULL"
	find "$STATE/src" "$STATE/out" "$STATE/series" -mindepth 1 -maxdepth 1 \
		-exec touch -d "$1 days ago" {} +
}

present() {
	sql "SELECT count(*) FROM artifact WHERE present"
}

folders() {
	find "$STATE/src" "$STATE/out" -mindepth 1 -maxdepth 1 | wc -l
}

base_images="SELECT count(DISTINCT a.sha256) FROM artifact a JOIN build b ON b.image = a.sha256 JOIN step_build
	sb ON sb.build_id = b.id WHERE sb.step = 0 AND a.present"

# ---- by hand ----

all=$(present)
sl clean
is "what is fresh stays: exit 0" "$RC" 0
check "and it says so" grep -q 'nothing to drop' "$OUT"
is "all is there" "$(present)" "$all"

age 100
sl show --json s1
jq -S '.verdicts' "$OUT" >"$T/verdicts"
sl clean --dry-run
is "dry run: exit 0" "$RC" 0
check "dry run: says what it would drop" grep -q '^would be dropped: [0-9]* images (.*), not used for longer than keep.images$' "$OUT"
check "dry run: folders, too" grep -q '^would be dropped: 1 build folders' "$OUT"
is "dry run: nothing is dropped" "$(present) $(folders)" "$all 2"
sl clean
is "clean: exit 0" "$RC" 0
check "clean: images" grep -q '^dropped: [0-9]* images' "$OUT"
is "clean: no folder is left" "$(folders)" 0
is "clean: logs are younger than a year" "$(sql "SELECT count(*) FROM artifact a JOIN boot b
	ON b.console = a.sha256 WHERE NOT a.present")" 0
is "clean: the image of the last good base stays" "$(sql "$base_images")" 1
is "clean: rows and files agree" "$(dangling)$(strays)" ""
sl clean --dry-run
check "clean: once is enough" grep -q 'nothing to drop' "$OUT"

age 300
sl clean
check "logs of over a year go" grep -q '^dropped: [0-9]* logs' "$OUT"
run=$(sql "SELECT max(id) FROM boot")
sl log "$run"
is "a dropped log is no failure of sluice's" "$RC" 2
check "it says when it was dropped" grep -q "this log was dropped on $(date -u +%Y-%m-%d) by retention" "$OUT"
sl show --json s1
jq -S '.verdicts' "$OUT" >"$T/verdicts.now"
check "verdicts stay as they were" test -s "$T/verdicts"
check "all of them" cmp -s "$T/verdicts" "$T/verdicts.now"
is "rows and files agree" "$(dangling)$(strays)" ""

before=$(calls build)
test_range bad --topology smp4
is "the same series again: the same verdict" "$(verdict toy/beta smp4)" "introduced 1 null"
check "what was dropped is built again" test "$(calls build)" -gt "$before"
is "rows and files agree then" "$(dangling)$(strays)" ""

# ---- a crash in the middle ----

sha=$(sql "SELECT log FROM build WHERE log IN (SELECT sha256 FROM artifact WHERE present)
	LIMIT 1")
sql "UPDATE artifact SET present = 0, dropped = 1 WHERE sha256 = '$sha'"
is "a row that went without its file" "$(strays | wc -l)" 1
printf '[keep]\nnewest = 1s\n' >>"$T/config.ini"
sleep 2
sl clean
is "the next clean removes the file" "$(strays)" ""
base=$(find "$STATE/out" -mindepth 1 -maxdepth 1 -name 'base-*' | head -n 1)
mkdir -p "$STATE/out/base-half.tmp/x"
sl clean
check "half a folder is cleared away, a whole one stays" test -d "${base:-/nonexistent}" \
	-a ! -e "$STATE/out/base-half.tmp"

# ---- by size ----

printf 'folders_size = 1k\n' >>"$T/config.ini"
sl clean
check "over its size: folders go, however young" grep -q 'folders (.*), over keep.folders_size' "$OUT"
is "none is left" "$(folders)" 0
sed -i '/^folders_size/d' "$T/config.ini"

# ---- beside others ----

(
	flock -n 9 || exit 1
	sl clean
	echo "$RC" >"$T/rc"
) 9<>"$STATE/lock"
is "while somebody else writes: exit 3" "$(cat "$T/rc")" 3
check "and it says who" grep -q 'is in use by' "$OUT"

printf 'interval = 1d\n[daemon]\nmin_free = 0%%\n' >>"$T/config.ini"
daemon_start
submit --topology smp4 base..bad
check "the daemon tests" until_ok job_is "$JOB" "done"
age 100
sl clean --dry-run
sed 's/^would be //' "$OUT" >"$T/would"
sl clean
is "beside a daemon: it does it: exit 0" "$RC" 0
check "and what it drops is told, images too" grep -q '^dropped: [0-9]* images' "$OUT"
is "as a dry run says, and no more" "$(cat "$OUT")" "$(cat "$T/would")"
check "its log has it" grep -q 'retention: [0-9]* images' "$T/daemon.log"
is "then it has no child any more" "$(status .daemon.cleaning)" false
is "rows and files agree after that" "$(dangling)$(strays)" ""
sl clean
is "the next one drops nothing, and says so" "$RC $(cat "$OUT")" "0 There is nothing to drop."

# One that waits for a job.
series slow
say mm/rmap.c "test-sleep-ms 1500"
patch "mm/rmap: slow"
git -C "$T/toy" checkout -q base
submit --topology smp4 base..slow
check "a job runs" until_ok job_is "$JOB" running
age 100
sl clean
is "it is done after the job: exit 0" "$RC $(sed -n 1p "$OUT")" \
	"0 The daemon does it after job $JOB."
check "and told" grep -q '^dropped: ' "$OUT"
is "the job was not in its way" "$(job "$JOB" '"\(.state) \(.exit)"')" "done 0"

# One that does not come to its end is in nobody's way.
stop_a_sweep() {
	"$SLUICE" clean --config-file "$T/config.ini" >"$T/watched" 2>&1 &
	WATCHER=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sweep=$(pgrep -P "$DAEMON" -f 'sluice sweep') && kill -STOP "$sweep" &&
			[ "$(status .daemon.cleaning)" = true ] && return
	done
	kill "$WATCHER"
	wait "$WATCHER" 2>/dev/null
	return 1
}
check "a sweep hangs" until_ok stop_a_sweep
sl test --repo "$T/toy" --topology smp4 base..bad
is "who waits for a job does not wait for it" "$RC" 1
check "the sweep is gone" test "$(pgrep -P "$DAEMON" -f 'sluice sweep')" = ""
check "who watches it waits for the next one" kill -0 "$WATCHER"
daemon_stop
wait "$WATCHER"
is "and hears that the daemon ended: exit 3" "$? $(cat "$T/watched")" \
	"3 sluice: the daemon ended"
daemon_start

# ---- the disk runs full ----

submit --topology smp4 base..bad
check "it goes on with what is built anew" until_ok job_is "$JOB" "done"
sleep 2
sed -i 's/^min_free = .*/min_free = 99%/' "$T/config.ini"
kill -HUP "$DAEMON"
full() {
	grep -q "retention: .* $1 (.*), since the disk runs full (daemon.min_free)" "$T/daemon.log"
}
check "little disk free: folders are dropped before their time" until_ok full 'build folders'
check "then images, then logs" until_ok full 'logs'
is "in that order" "$(grep -o 'retention: [0-9]* [a-z ]* (.*full' "$T/daemon.log" |
	grep -o 'build folders\|source folders\|images\|logs' | tr '\n' ,)" \
	"build folders,source folders,images,logs,"
submit --topology smp4 base..bad
held() {
	status '.daemon.held // ""' | grep -q min_free
}
check "and no new job begins" until_ok held
is "the image of the last good base stays all the same" "$(sql "$base_images")" 1
is "rows and files agree at last" "$(dangling)$(strays)" ""
sed -i 's/^min_free = .*/min_free = 0%/' "$T/config.ini"
kill -HUP "$DAEMON"
check "with room again it goes on" until_ok job_is "$JOB" "done"
daemon_stop
is "the daemon ends well" "$RC" 0

finish
