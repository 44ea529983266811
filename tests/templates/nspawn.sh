#!/bin/sh
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# Usage: nspawn.sh NAME OPTION...
# Become a systemd-nspawn that boots a guest, in control groups of its own and registered nowhere. Guests that share a
# group remove those of each other's services: "Failed to attach to cgroup" is then how a service does not start.
# The empty groups stay until the next guest of that name.
set -eu
name=hygeia-$1
shift
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ -e "$hierarchy/cgroup.procs" ] || continue
    [ ! -d "$hierarchy/$name" ] || find "$hierarchy/$name" -depth -type d -exec rmdir {} +
    # Where groups cannot be made the guests share one all the same.
    if mkdir "$hierarchy/$name"; then echo $$ > "$hierarchy/$name/cgroup.procs"; fi
done
exec systemd-nspawn --quiet --machine="$name" --register=no --keep-unit --boot "$@"
