#!/bin/sh
# Everything that needs no cluster, the cheapest and the likeliest to fail first.
set -eu
sh tools/ensure-installed.sh
step() {
  echo "== $1"
  shift
  "$@"
}
step 'format (npm run format mends it)' oxfmt --check .
step 'lint' oxlint --type-aware --deny-warnings
step 'types' tsc --noEmit
step 'dead code' knip
step 'unit and scenario tests' vitest run --project unit --project scenario
