#!/bin/bash
# packaging/test.sh [STAGE]...
#
# Installs what is missing, builds, runs all tests (or those of the named stages: --help names
# them), and ends with `N passed, N failed`. Logs are in build/logs.
set -euo pipefail
cd "$(dirname "$0")/.."
packaging/dependencies.sh
# Also where the umask is strict, tests that change to another user must reach what was built.
umask 022
exec python3 packaging/checks/run.py "$@" < /dev/null
