#!/usr/bin/env bash
# Prepare this directory: virtual environment with locked packages, and the system packages PDFs need.
# Usage: deploy/setup.sh run|server|dev. Quick when nothing is missing; safe to run again at any time.
# `server` adds MariaDB's client, which is compiled here; `dev` adds that and the tools of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-run}
python=${PYTHON:-python3}
lock=requirements.lock
[ "$mode" = run ] || lock=requirements-$mode.lock

say() { printf '%s\n' "$*"; }
fail() { printf '\n✗ %s\n' "$*" >&2; exit 1; }

stamp=env/.installed-$mode
fingerprint() { cat requirements.lock "$lock" deploy/setup.sh | sha256sum | cut -d' ' -f1; }

missing_packages() {
  command -v wkhtmltopdf >/dev/null || echo wkhtmltopdf
  { command -v fc-list >/dev/null && fc-list :lang=zh family | grep -q .; } || echo fonts-noto-cjk fontconfig
  # Rare characters of names: without it they are printed as their number.
  { command -v fc-list >/dev/null && fc-list HanaMinB | grep -q .; } || echo fonts-hanazono
}

# What pip needs to compile mysqlclient.
missing_build_packages() {
  command -v gcc >/dev/null || echo gcc
  command -v pkg-config >/dev/null || echo pkg-config
  pkg-config --exists libmariadb 2>/dev/null || pkg-config --exists mysqlclient 2>/dev/null || echo libmariadb-dev
  env/bin/python -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null || echo python3-dev
}

# Usage: apt_install WHAT-FOR PACKAGE…; false when only the administrator may.
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "→ 安装$1：${*:2}"
  { DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}"; } >/dev/null ||
    fail "系统组件安装失败：${*:2}。请检查软件源后重试。"
}

install_build_packages() {
  local missing
  missing=$(missing_build_packages | xargs)
  [ -z "$missing" ] || apt_install "编译 MariaDB 客户端所需的系统组件" $missing ||
    fail "缺少编译 MariaDB 客户端所需的系统组件。请管理员执行：apt-get install $missing"
}

# The servers that tests start for themselves; without the packages that would run one for everybody, where there are.
missing_servers() {
  PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null || echo mariadb-server-core
  command -v mariadb-dump >/dev/null || echo mariadb-client
  command -v redis-server >/dev/null || echo redis-server
}

missing_test_tools() {
  command -v faketime >/dev/null || echo faketime
}

# Usage: install_or_tell WHAT-FOR WHAT-CANNOT-BE-DONE PACKAGE…; nothing to do without packages.
install_or_tell() {
  [ $# -gt 2 ] || return 0
  apt_install "$1" "${@:3}" || {
    say "! 缺少$1：${*:3}"
    say "  没有它们不能$2。请管理员执行：apt-get install ${*:3}"
  }
}

suitable() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }

# The Python that was asked for; unless one was, any suitable one.
choose_python() {
  suitable "$python" && return
  if [ "$python" = python3 ]; then
    for python in python3.12 python3.11 python3.10; do suitable "$python" && return; done
    python=python3
  fi
  command -v "$python" >/dev/null || fail "找不到 $python。需要 Python 3.10–3.12：apt-get install python3 python3-venv"
  fail "需要 Python 3.10–3.12，现在是 $("$python" --version 2>&1)。可用 make PYTHON=/path/to/python3.11 指定。"
}

# Its programs name their own path, so a moved environment is made anew.
environment_is_usable() { env/bin/python -c '' 2>/dev/null && grep -qx "$PWD" env/.made-in 2>/dev/null; }

make_environment() {
  if ! environment_is_usable; then
    choose_python
    say "→ 建立虚拟环境 env/（$("$python" --version)）"
    rm -rf env
    if ! "$python" -m venv env >/dev/null 2>&1; then
      rm -rf env
      if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; } >/dev/null
        "$python" -m venv env || fail "无法建立虚拟环境。"
      else
        fail "无法建立虚拟环境。请管理员执行：apt-get install python3-venv"
      fi
    fi
    echo "$PWD" > env/.made-in
  fi
  [ "$mode" = run ] || env/bin/python -c 'import MySQLdb' 2>/dev/null || install_build_packages
  say "→ 安装 Python 依赖（${lock}），首次需要几分钟"
  env/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r "$lock" ||
    fail "Python 依赖安装失败。请检查网络（只需能访问 PyPI，或用 PIP_INDEX_URL 指定镜像）后重试；已装好的部分会保留。"
  local packages
  packages=$(env/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$PWD/runtime" "$PWD" > "$packages/bench.pth"
  for app in apps/*/; do printf '%s\n' "$PWD/${app%/}" >> "$packages/bench.pth"; done
  printf '%s\n' "import os; 'faketime' in os.environ.get('LD_PRELOAD', '') and __import__('tests.faked_date')" > "$packages/faketime.pth"
  printf '#!/bin/sh\nexec "%s/env/bin/python" -m bench "$@"\n' "$PWD" > env/bin/bench
  chmod +x env/bin/bench
}

wanted=$mode
if [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint) $PWD" ]; then
  make_environment
  echo "$(fingerprint) $PWD" > "$stamp"
  # Each lock contains the one before.
  if [ "$mode" = dev ]; then mode=server lock=requirements-server.lock; echo "$(fingerprint) $PWD" > env/.installed-server; fi
  if [ "$mode" = server ]; then mode=run lock=requirements.lock; echo "$(fingerprint) $PWD" > env/.installed-run; fi
fi
# What is compiled while it is imported starts later and leaves each web process larger.
env/bin/python -m compileall -q runtime apps simulators || true
install_or_tell "系统组件" "生成 PDF（收据、报表）" $(missing_packages)
[ "$wanted" != dev ] || install_or_tell "测试用的数据库服务" "测试 server 方式（MariaDB、Redis）" $(missing_servers)
[ "$wanted" != dev ] || install_or_tell "测试工具" "在别的日期上测试（make test-dates）" $(missing_test_tools)
