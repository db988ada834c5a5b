#!/usr/bin/env bash
# Run the same tests on a stock Frappe v15 bench that has both apps installed on SITE (docs/stock-bench.md).
# Usage: [BARE=site] deploy/test_bench.sh BENCH SITE [pytest options and paths]; paths replace the usual ones.
# The tests of the runtime run on BARE, a site of the same bench without the apps.
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

run() { # SITE PATHS…: the tests there, with the user's options
  FRAPPE_SITE=$1 "$python" -m pytest -c "$root/pyproject.toml" --rootdir "$root" -p tests.sites -p no:cacheprovider \
    "${@:2}" ${options[@]+"${options[@]}"}
}

bare_suites=("$root/runtime/tests") suites=("$bench/apps/cn_connect" "$bench/apps/market_mgmt" "$root/tests")
options=() chosen=()
for argument in "$@"; do
  if [[ $argument != -* && -e ${argument%%::*} ]]; then
    chosen+=("$(realpath -s "${argument%%::*}")${argument#"${argument%%::*}"}")
  else
    options+=("$argument")
  fi
done
if [ ${#chosen[@]} -gt 0 ]; then
  bare_suites=() suites=()
  for path in "${chosen[@]}"; do
    case $path in "$root"/runtime/*) bare_suites+=("$path") ;; *) suites+=("$path") ;; esac
  done
fi

cd "$bench/sites"
status=0
# What the runtime does is compared with Frappe itself: the apps close ways that Frappe leaves open.
if [ ${#bare_suites[@]} -gt 0 ]; then
  if [ -n "${BARE:-}" ]; then
    "$python" "$root/deploy/check_bench.py" "$bench" "$BARE" --bare
    run "$BARE" "${bare_suites[@]}" || status=$?
  else
    printf '→ 没有给 BARE（只装 frappe 的站点），不运行 runtime/tests\n' >&2
  fi
fi
[ ${#suites[@]} -eq 0 ] || run "$site" "${suites[@]}" || status=$?
exit $status
