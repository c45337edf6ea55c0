#!/bin/sh
# The first process in the namespaces of a node: when it ends, the kernel ends all others in them, and takes down their
# mounts, interfaces and packet filters. Not replaced by its command, so that somebody collects orphans.
# usage: namespaces.sh DIRECTORY COMMAND...
set -eu
directory=$1
shift

# Sockets, network namespaces and logs of its own: the paths are built into containerd, CNI and the kubelet.
mount -t tmpfs tmpfs /run
mkdir "$directory/changes"
mount -t tmpfs tmpfs "$directory/changes"
mkdir "$directory/changes/upper" "$directory/changes/work"
mount -t overlay overlay -o "lowerdir=/var,upperdir=$directory/changes/upper,workdir=$directory/changes/work" /var

# Shows the kubelet the values that it would set for the whole machine, so that it leaves the real ones alone.
pretend() {
  if [ -e "/proc/sys/$1" ]; then
    mkdir -p "$directory/sys/${1%/*}"
    echo "$2" >"$directory/sys/$1"
    mount --bind "$directory/sys/$1" "/proc/sys/$1"
  fi
}
pretend vm/overcommit_memory 1
pretend vm/panic_on_oom 0
pretend kernel/panic 10
pretend kernel/panic_on_oops 1
pretend kernel/keys/root_maxkeys 1000000
pretend kernel/keys/root_maxbytes 25000000

# Volumes of pods are mounted from both sides.
mount --make-rshared /

ip link set lo up
ip addr add "$NODE_ADDRESS/32" dev lo
# A packet to a Service needs a route from here before the packet filter can redirect it to a pod.
ip route add "$SERVICE_RANGE" dev lo src "$NODE_ADDRESS"
echo 1 >/proc/sys/net/ipv4/ip_forward

trap 'exit 143' TERM
status=0
"$@" &
wait $! || status=$?
exit "$status"
