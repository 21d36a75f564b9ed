# shellcheck shell=bash
# Which database an operator's command means. Uses: root; die.

# private_database_url USER: the private database of the stack in STACK_DIR (default var/stack).
private_database_url() {
	local stack=${STACK_DIR:-$root/var/stack} socket
	for socket in "$stack"/{run/pg,run,pg}/.s.PGSQL.*[0-9]; do
		[[ -S $socket ]] || continue
		# The physical path: a link may stand for one too long for a socket.
		socket=$(cd "${socket%/*}" && pwd -P)/${socket##*/}
		echo "postgresql:///scribe?host=${socket%/*}&port=${socket##*.}&user=$1"
		return
	done
	return 1
}
