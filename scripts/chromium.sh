#!/bin/sh
# Find the Chromium that the tests drive; install Debian's where that can be done. Exits with 75 where
# it was tried in vain and may go well another time.
set -eu
status=1
wanted=${RECIPROCITY_CHROMIUM:-/usr/bin/chromium}
if [ "${RECIPROCITY_NO_BROWSER:-}" = 1 ]; then
	echo "RECIPROCITY_NO_BROWSER=1: the tests in a browser are left out"
	exit 0
fi
if command -v "$wanted" >/dev/null; then
	exit 0
fi
if [ -z "${RECIPROCITY_CHROMIUM:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "Installing Debian's chromium, which the tests drive (once)"
	if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; then
		exit 0
	fi
	status=75
fi
echo "$wanted is missing. Install it (Debian: apt-get install -y chromium), name another one by" \
	"RECIPROCITY_CHROMIUM, or set RECIPROCITY_NO_BROWSER=1 to leave out the tests in a browser." >&2
exit $status
