# tree.sh: Debian's kernels as base trees, for the scripts that need one.
# shellcheck shell=sh

# debian_tree NAME [OPTION...]: debian-X, from /usr/src/linux-source-X.tar.xz, which is
# installed if it is missing; nothing where there is that tree. Options are for
# "sluice tree": which state.
debian_tree() {
	debian_name=$1
	shift
	if "${SLUICE:-build/sluice}" tree list "$@" 2>/dev/null | grep -q "^$debian_name "; then
		return 0
	fi
	case $debian_name in
	debian-*) ;;
	*)
		echo "there is no tree \"$debian_name\"; sluice tree add $debian_name SOURCE makes one" >&2
		return 2
		;;
	esac
	debian_tarball=/usr/src/linux-source-${debian_name#debian-}.tar.xz
	[ -e "$debian_tarball" ] || tests/deps.sh build quiet >&2 || return 2
	echo "importing $debian_tarball as the tree $debian_name (about a minute)" >&2
	"${SLUICE:-build/sluice}" tree add "$@" "$debian_name" "$debian_tarball" >&2
}
