#!/bin/sh
# Installs what package-lock.json names, once for each state of it, so that one command works from a bare clone.
set -eu
stamp=node_modules/.provider-operator-lock
if ! cmp -s package-lock.json "$stamp"; then
  echo "Installing the npm packages (npm ci), about 20 s ..." >&2
  npm ci --loglevel=error --no-fund --no-audit >&2 &
  installing=$!
  trap 'kill $installing 2>/dev/null' EXIT INT TERM
  seconds=0
  while kill -0 $installing 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    [ $((seconds % 10)) -ne 0 ] || echo "... still installing, $seconds s" >&2
  done
  wait $installing
  trap - EXIT INT TERM
  cp package-lock.json "$stamp"
fi
if node_modules/.bin/node --version >/dev/null 2>&1; then
  exit 0
fi
# No platform package of Node for this machine: its own must do.
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 24 ]; then
  echo "Install Node 24 or newer: this machine has $(node --version), and there is no npm package of Node for it" >&2
  exit 1
fi
