#!/usr/bin/env bash
# Run a command where a chosen release of ansible-core is installed.
# Usage: tests/with-ansible-core.sh 2.16|2.21 COMMAND [ARGUMENT ...]
#
# 2.16 runs on the Python of Debian 12. 2.21 wants Python 3.12 or later, which Debian 12 does not have: it runs in the
# root filesystem of a Debian 13, where this repository is seen at its own path.
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)
release=$1
shift
case $release in
2.16) version=2.16.19 python=3.11 ;;
2.21) version=2.21.5 python=3.13 ;;
*) echo "with-ansible-core: no ansible-core $release here; use 2.16 or 2.21" >&2 && exit 2 ;;
esac
home=$repo/.build/ansible-core-$release
tools=("ansible-core==$version" molecule pytest pytest-testinfra pytest-timeout hypothesis jsonschema python-debian cvss duckdb python-calamine highspy)

if [ "$python" = 3.11 ]; then
    if [ "$(cat "$home/done" 2>/dev/null)" != "${tools[*]}" ]; then
        /usr/bin/python3 -m venv --clear "$home"
        "$home/bin/pip" install --quiet --disable-pip-version-check --constraint "$repo/tests/constraints.txt" "${tools[@]}"
        echo "${tools[*]}" > "$home/done"
    fi
    PATH=$home/bin:$PATH exec "$@"
fi

packages="python3 python3-venv fdisk mount openssh-client openssh-server sudo kmod procps git ca-certificates cpio xz-utils bzip2 zstd lz4"
packages="$packages libvirt-clients libxml2-utils"
if [ "$(cat "$home/done" 2>/dev/null)" != "${tools[*]} $packages" ]; then
    rm -rf "$home" && mkdir -p "$home/wheels"
    # Everything is downloaded out here, so the root filesystem needs no network of its own.
    "$repo/.build/venv/bin/pip" download --quiet --disable-pip-version-check --dest "$home/wheels" --only-binary=:all: \
        --python-version "$python" --constraint "$repo/tests/constraints.txt" "${tools[@]}"
    tree=$(PYTHONPATH=$repo/tests/templates "$repo/.build/venv/bin/python" -c '
import sys, roots
print(roots.extended("tools-trixie", roots.smallest("trixie"), sys.argv[1].split(), script=roots.CLEAN))' "$packages")
    mkdir "$home/root" && tar --extract --file "$tree" --directory "$home/root" --numeric-owner --xattrs --xattrs-include='*'
    chroot "$home/root" python3 -m venv /opt/tools
    mkdir "$home/root/wheels" && cp "$home"/wheels/* "$home/root/wheels/"
    chroot "$home/root" /opt/tools/bin/pip install --quiet --no-index --find-links /wheels "${tools[@]}"
    echo "${tools[*]} $packages" > "$home/done"
fi
mkdir -p "$home/root$repo"
cp /etc/resolv.conf "$home/root/etc/resolv.conf"
root=$home/root repo=$repo exec unshare --mount --propagation private bash -c '
    mount --bind "$root" "$root"  # unshare wants the root to be a mount point
    for tree in proc sys dev; do mount --rbind "/$tree" "$root/$tree"; done
    mount --bind "$repo" "$root$repo"
    export PATH=/opt/tools/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
    cd "$root"
    pivot_root . . && umount --lazy .  # not chroot: who is in one may make no user namespace, user_namespaces(7)
    cd "$repo"
    exec "$@"' bash "$@"
