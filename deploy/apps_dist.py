"""Write `dist/<app>`: one git repository per app, as `bench get-app <path>` on a stock Frappe bench expects."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "node_modules", ".pytest_cache")


def git(directory: Path, *arguments: str) -> str:
    """Run git in `directory` under a neutral identity; returns what it prints."""
    identity = ("-c", "user.name=apps-dist", "-c", "user.email=apps-dist@localhost")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=directory, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def write(app: Path, target: Path) -> None:
    """Bring the app's repository, made on first use, to the app's present state: one commit on `version-15`.

    Its history is kept, so that a bench which has the app follows with `git pull` or `bench update`.
    """
    target.mkdir(parents=True, exist_ok=True)
    if not (target / ".git").is_dir():
        git(target, "init", "--quiet", "--initial-branch", "version-15")
    for old in target.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(app, target, ignore=IGNORED, dirs_exist_ok=True)
    git(target, "add", "--all")
    if git(target, "status", "--porcelain"):
        git(target, "commit", "--quiet", "--message", f"{app.name} for Frappe v15")


def main() -> None:
    for app in sorted(path.parent for path in ROOT.glob("apps/*/pyproject.toml")):
        target = ROOT / "dist" / app.name
        write(app, target)
        print(target)


if __name__ == "__main__":
    main()
