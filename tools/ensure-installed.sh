#!/bin/sh
# Installs what package-lock.json names, once for each state of it, so that one command works from a bare clone.
set -eu
stamp=node_modules/.provider-operator-lock
if ! cmp -s package-lock.json "$stamp"; then
  echo "Installing the npm packages (npm ci), about 20 s ..." >&2
  npm ci --loglevel=error --no-fund --no-audit >&2
  cp package-lock.json "$stamp"
fi
node_modules/.bin/node --version >/dev/null 2>&1 && exit 0
# No platform package of Node for this machine: its own must do.
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 24 ]; then
  echo "Node 24 or newer is needed and this machine has $(node --version): install it from https://nodejs.org" >&2
  exit 1
fi
