# archive.sh: a real public-inbox on loopback for end-to-end tests, after lib.sh and begin:
# lists in $T/pi, served at http://127.0.0.1:$port/LIST/ by the process $server. A list is
# "toy" unless another is named.
# shellcheck shell=sh disable=SC2034

server=""
port=""
no_proxy=127.0.0.1
PI_CONFIG=$T/pi/config
export no_proxy PI_CONFIG

# archive_skips NAME [PROGRAM...]: ends the test where a program for it is missing.
archive_skips() {
	skips_name=$1
	shift
	for program in public-inbox-init public-inbox-index public-inbox-httpd curl "$@"; do
		command -v "$program" >/dev/null || {
			skip "$skips_name" "$program is not installed"
			finish
		}
	done
}

# archive_make [LIST [LEVEL]]: an empty list, not yet indexed; of level basic, it is without a search index,
# and the server may look at an old state of it for half a minute.
archive_make() {
	make_list=${1:-toy}
	mkdir -p "$T/pi/$make_list/git"
	git init -q --bare -b master "$T/pi/$make_list/git/0.git"
	public-inbox-init -V2 -j1 -L "${2:-basic}" "$make_list" "$T/pi/$make_list" \
		"http://127.0.0.1/$make_list/" "$make_list@localhost" >>"$T/pi/log" 2>&1
}

# archive_add LIST FILE...: more mails in its epoch, not yet in its index.
archive_add() {
	add_git=$T/pi/$1/git/0.git
	shift
	for mail; do
		{
			printf 'commit refs/heads/master\ncommitter t <t@x> %s +0000\ndata 1\nm\n' \
				"$(date +%s)"
			git -C "$add_git" rev-parse -q --verify master | sed 's/^/from /'
			printf 'M 100644 inline m\ndata %s\n' "$(wc -c <"$mail")"
			cat "$mail"
			echo
		} | git -C "$add_git" fast-import --quiet
	done
}

archive_index() { # archive_index LIST
	public-inbox-index -j0 --no-fsync "$T/pi/$1" >>"$T/pi/log" 2>&1
}

# archive_post FILE...: more mails on the list.
archive_post() {
	archive_add toy "$@"
	archive_index toy
}

# archive_serve [LIST]: 0 when the server answers for it: on the port of before, else on
# one that was free.
archive_serve() {
	for try in 1 2 3 4 5 6; do
		[ "$try" = 1 ] && [ -n "$port" ] || port=$((20000 + ($$ * 7 + try * 131) % 20000))
		public-inbox-httpd -l "127.0.0.1:$port" -W 0 >>"$T/pi/log" 2>&1 &
		server=$!
		i=0
		while [ $i -lt 50 ] && kill -0 $server 2>/dev/null; do
			curl -s -o /dev/null "http://127.0.0.1:$port/${1:-toy}/" && return 0
			i=$((i + 1))
			sleep 0.1
		done
		kill $server 2>/dev/null
	done
	return 1
}

# archive_must_serve [LIST]: likewise, or the test ends.
archive_must_serve() {
	archive_serve "$@" && return
	not_ok "the archive is served"
	sed 's/^/# /' "$T/pi/log"
	finish
}

archive_end() {
	[ -z "$server" ] || {
		kill "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	}
	server=""
}
