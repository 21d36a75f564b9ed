# shellcheck shell=bash
# Commands that take long and end with the script that started them, even where that is killed.

along_pid=''

# along COMMAND...: its status. A signal for the script is heeded meanwhile.
along() {
	local status=0
	setpriv --pdeathsig TERM -- "$@" </dev/null &
	along_pid=$!
	wait "$along_pid" || status=$?
	along_pid=''
	return "$status"
}

# Ends what is under way, and waits for that.
stop_along() {
	[[ -n $along_pid ]] || return 0
	kill "$along_pid" 2>/dev/null || true
	wait "$along_pid" 2>/dev/null || true
	along_pid=''
}
