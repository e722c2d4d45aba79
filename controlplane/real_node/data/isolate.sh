#!/bin/sh
# Makes a machine of its own out of the network and mount namespace that it runs in, and holds both while it sleeps.
# The programs of this machine are there, read-only; whatever the node writes stays below its own root folder. All of
# it is gone when the last process in the namespaces ends, however it ends.
# Usage: isolate.sh ROOT READY FOLDER...: the root folder, a file made when all is done, folders to share.
set -eu
root=$1
ready=$2
shift 2

mount --bind "$root" "$root"
for system in bin sbin lib lib32 lib64 libx32 usr etc opt; do
    if [ -L "/$system" ]; then
        [ -L "$root/$system" ] || cp -P "/$system" "$root/$system"
    elif [ -d "/$system" ]; then
        mkdir -p "$root/$system"
        mount --bind "/$system" "$root/$system"
        mount -o remount,bind,ro "$root/$system"
    fi
done
for folder in dev proc sys run tmp var mnt .host; do
    mkdir -p "$root/$folder"
done
chmod 1777 "$root/tmp"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
# Sockets live here, whose paths may be short only.
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
for folder in "$@"; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
done
cd "$root"
pivot_root . .host
cd /
: > "$ready"
exec sleep infinity
