#!/bin/sh
# Outlives the process that started a control plane, however that one ends, and leaves nothing of it behind.
# Its standard input is a pipe from that process: "+PID" says that a component runs in the process group PID, "-PID" that
# it has gone. The pipe closes when the process ends, even by SIGKILL: then what still runs is killed, and the directory goes.
# usage: watchdog.sh DIRECTORY
directory=$1
groups=' '
while read -r line; do
  pid=${line#?}
  case $line in
    +*) groups="$groups$pid " ;;
    -*) groups="${groups%% $pid *} ${groups#* $pid }" ;;
  esac
done
for group in $groups; do
  kill -KILL "-$group" 2>/dev/null
done
# A dying process may still write: try again for five seconds, then give up rather than stay.
tries=0
until rm -rf "$directory" 2>/dev/null || [ "$tries" -ge 50 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
