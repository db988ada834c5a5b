"""Write `dist/<app>`: one git repository per app, as `bench get-app <path>` on a stock Frappe bench expects."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "node_modules", ".pytest_cache")


def git(directory: Path, *arguments: str) -> None:
    """Run git in `directory` under a neutral identity."""
    identity = ("-c", "user.name=apps-dist", "-c", "user.email=apps-dist@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, stdout=subprocess.DEVNULL)


def write(app: Path, target: Path) -> None:
    """Copy one app into a fresh repository with one commit on the branch `version-15`."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(app, target, ignore=IGNORED)
    git(target, "init", "--quiet", "--initial-branch", "version-15")
    git(target, "add", "--all")
    git(target, "commit", "--quiet", "--message", f"{app.name} for Frappe v15")


def main() -> None:
    for app in sorted(path.parent for path in ROOT.glob("apps/*/pyproject.toml")):
        target = ROOT / "dist" / app.name
        write(app, target)
        print(target)


if __name__ == "__main__":
    main()
