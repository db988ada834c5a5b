#!/usr/bin/env bash
# Run the same tests on a stock Frappe v15 bench that has both apps installed on SITE (docs/stock-bench.md).
# Usage: deploy/test_bench.sh BENCH SITE [pytest options and paths]; paths replace the usual ones.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
bench=${1:-} site=${2:-}
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }
[ -n "$bench" ] && [ -n "$site" ] || fail "用法：make test-bench BENCH=/path/to/bench SITE=site.name"
shift 2
[ -x "$bench/env/bin/python" ] || fail "$bench 不是 bench 目录（缺少 env/bin/python）"
bench=$(cd "$bench" && pwd)
python=$bench/env/bin/python
"$python" -c 'import pytest, pytest_bdd, hypothesis, xdist, filelock' 2>/dev/null ||
  fail "请先在该 bench 安装测试工具：$bench/env/bin/python -m pip install pytest pytest-bdd hypothesis pytest-xdist filelock"
"$python" "$root/deploy/check_bench.py" "$bench" "$site"

export BENCH_DIR=$bench FRAPPE_SITE=$site PYTHONPATH=$root PYTHONDONTWRITEBYTECODE=1
[ "${1:-}" != --cycle ] || exec "$python" -m tests.cycle.run

suites=("$root/runtime/tests" "$bench/apps/cn_connect" "$bench/apps/market_mgmt" "$root/tests")
arguments=()
for argument in "$@"; do
  if [[ $argument != -* && -e ${argument%%::*} ]]; then
    suites=()
    argument=$(realpath -s "${argument%%::*}")${argument#"${argument%%::*}"}
  fi
  arguments+=("$argument")
done
cd "$bench/sites"
exec "$python" -m pytest -c "$root/pyproject.toml" --rootdir "$root" -p tests.sites -p no:cacheprovider \
  "${suites[@]}" "${arguments[@]}"
