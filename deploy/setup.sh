#!/usr/bin/env bash
# Prepare this directory: virtual environment with locked packages, and the system packages PDFs need.
# Usage: deploy/setup.sh run|dev. Quick when nothing is missing; safe to run again at any time.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-run}
python=${PYTHON:-python3}
lock=requirements.lock
[ "$mode" = dev ] && lock=requirements-dev.lock

say() { printf '%s\n' "$*"; }
fail() { printf '\n✗ %s\n' "$*" >&2; exit 1; }

stamp=env/.installed-$mode
fingerprint() { cat requirements.lock "$lock" deploy/setup.sh | sha256sum | cut -d' ' -f1; }

missing_packages() {
  command -v wkhtmltopdf >/dev/null || echo wkhtmltopdf
  { command -v fc-list >/dev/null && fc-list :lang=zh family | grep -q .; } || echo fonts-noto-cjk fontconfig
}

install_packages() {
  local missing
  missing=$(missing_packages | xargs)
  [ -z "$missing" ] && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "→ 安装系统组件：$missing"
    { DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null ||
      fail "系统组件安装失败：$missing。请检查软件源后重试。"
  else
    say "! 缺少系统组件：$missing"
    say "  没有它们不能生成 PDF（收据、报表）。请管理员执行：apt-get install $missing"
  fi
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
  say "→ 安装 Python 依赖（${lock}），首次需要几分钟"
  env/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r "$lock" ||
    fail "Python 依赖安装失败。请检查网络（只需能访问 PyPI，或用 PIP_INDEX_URL 指定镜像）后重试；已装好的部分会保留。"
  local packages
  packages=$(env/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$PWD/runtime" "$PWD" > "$packages/bench.pth"
  for app in apps/*/; do printf '%s\n' "$PWD/${app%/}" >> "$packages/bench.pth"; done
  printf '#!/bin/sh\nexec "%s/env/bin/python" -m bench "$@"\n' "$PWD" > env/bin/bench
  chmod +x env/bin/bench
}

if [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint) $PWD" ]; then
  make_environment
  echo "$(fingerprint) $PWD" > "$stamp"
  # The development lock contains the other one.
  if [ "$mode" = dev ]; then mode=run lock=requirements.lock; echo "$(fingerprint) $PWD" > env/.installed-run; fi
fi
install_packages
