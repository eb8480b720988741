#!/bin/sh
# deps.sh [build|tree|quiet|test|lint]...: installs the Debian packages that are
# missing, after saying which and what for (build: to build and run, the default;
# tree: a kernel to start from, and what its selftests are linked with; quiet: the
# kernels of make quiet). On another distribution it names the missing programs and
# libraries and fails.
# As root it also makes the user that builds and boots (build_user).
set -eu
[ $# -gt 0 ] || set -- build
groups=" build $* "
user=sluice-build

# group | package | program:name, lib:pkg-config name, or file:path | what for
list() {
	sed 's/ *| */|/g' <<-'END'
	build | make                     | program:make | builds sluice and kernels
	build | gcc                      | program:gcc | builds sluice and kernels
	build | libc6-dev                | file:/usr/include/stdlib.h | the C library, static for what runs in the guest
	build | pkg-config               | program:pkg-config | finds the libraries below
	build | libgit2-dev              | lib:libgit2 | reads trees, applies patches
	build | libjson-c-dev            | lib:json-c | JSON
	build | libsqlite3-dev           | lib:sqlite3 | the database
	build | libmicrohttpd-dev        | lib:libmicrohttpd | sluice serve
	build | libgmime-3.0-dev         | lib:gmime-3.0 | reads mails
	build | libinih-dev              | lib:inih | config.ini, topologies, suites
	build | libzstd-dev              | lib:libzstd | compressed logs
	build | libsystemd-dev           | lib:libsystemd | the event loop
	build | libseccomp-dev           | lib:libseccomp | the sandbox's filter
	build | libcurl4-openssl-dev     | lib:libcurl | HTTP
	build | libexpat1-dev            | lib:expat | Atom feeds of mail archives
	build | zlib1g-dev               | lib:zlib | gzip in HTTP
	build | git                      | program:git | fetches trees
	build | b4                       | program:b4 | fetches series from mail archives
	build | qemu-system-x86          | program:qemu-system-x86_64 | boots kernels
	build | bubblewrap               | program:bwrap | the sandbox for builds and guests
	build | binutils                 | program:ld | kernel builds
	build | flex                     | program:flex | kernel builds (Kconfig)
	build | bison                    | program:bison | kernel builds (Kconfig)
	build | bc                       | program:bc | kernel builds
	build | libelf-dev               | file:/usr/include/libelf.h | kernel builds (objtool)
	build | xz-utils                 | program:xz | unpacks the kernel tarball
	tree  | linux-source-6.12        | file:/usr/src/linux-source-6.12.tar.xz | the first base tree
	tree  | libnuma-dev              | file:/usr/include/numa.h | selftests of the tree (kselftest-mm), static
	tree  | libcap-dev               | file:/usr/include/sys/capability.h | selftests of the tree (kselftest-mm), static
	quiet | linux-source-6.12        | file:/usr/src/linux-source-6.12.tar.xz | a good kernel
	quiet | linux-source-6.1         | file:/usr/src/linux-source-6.1.tar.xz | a good kernel
	test  | linux-source-6.1         | file:/usr/src/linux-source-6.1.tar.xz | an older kernel, for tests
	test  | libcmocka-dev            | lib:cmocka | unit tests
	test  | public-inbox             | program:public-inbox-init | the archive that b4 is tested against
	test  | sqlite3                  | program:sqlite3 | looks into the database in tests
	test  | jq                       | program:jq | reads results in tests
	test  | ccache                   | program:ccache | builds by ccache, in tests
	test  | cpio                     | program:cpio | reads the initramfs in tests
	test  | curl                     | program:curl | reads pages in tests
	test  | mandoc                   | program:mandoc | checks the man page
	lint  | clang-format             | program:clang-format | make format, make lint
	lint  | clang                    | program:clang | make fuzz
	lint  | cppcheck                 | program:cppcheck | make lint
	lint  | shellcheck               | program:shellcheck | make lint
	END
}

wanted() {
	case $groups in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# Whether "program:x", "lib:x" or "file:/x" is there.
there() {
	case $1 in
	program:*) PATH=$PATH:/usr/sbin:/sbin command -v "${1#program:}" >/dev/null ;;
	lib:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#lib:}" ;;
	file:*) [ -e "${1#file:}" ] ;;
	esac
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps: neither root nor sudo; as root, run: $*" >&2
		return 1
	fi
}

# Sets missing (packages) and prints a line for each.
find_missing() {
	missing=""
	while IFS='|' read -r group package what why; do
		if ! wanted "$group" || there "$what"; then continue; fi
		[ -n "$missing" ] || echo "deps: missing here:"
		missing="$missing $package"
		case $1 in
		debian) printf '  %-22s %s\n' "$package" "$why" ;;
		*) printf '  %-30s %s\n' "${what#*:}" "$why" ;;
		esac
	done <<-END
	$(list)
	END
}

install_missing() {
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || echo "deps: sudo may ask for your password"
	# shellcheck disable=SC2086 # a list of words
	set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
		--no-install-recommends $missing
	echo "deps: apt-get install$missing"
	as_root apt-get update -q && as_root "$@"
}

# Root never builds or boots itself.
make_user() {
	[ "$(id -u)" = 0 ] || return 0
	! getent passwd "$user" >/dev/null || return 0
	echo "deps: adding the system user $user, who builds and boots kernels"
	useradd --system --user-group --no-create-home --home-dir /nonexistent \
		--shell /usr/sbin/nologin "$user"
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
	find_missing debian
	install_missing
	find_missing debian
	if [ -n "$missing" ]; then
		echo "deps: still missing:$missing" >&2
		exit 1
	fi
else
	find_missing other
	if [ -n "$missing" ]; then
		echo "deps: this is no Debian: install the above (or what your distribution calls" >&2
		echo "deps: the Debian packages$missing) and try again" >&2
		exit 1
	fi
fi
make_user
