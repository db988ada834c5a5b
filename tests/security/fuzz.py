"""`make fuzz`: schemathesis over the committed OpenAPI document as guest, merchant and finance clerk.

No answer may be a server error or a status that the document does not name. Left out is what ends the session or sends
messages to people. `--examples N` asks less or more; ends with one JSON line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.live import CSRF, Caller, live
from tests.security.probe import throw_away
from tests.sites import ROOT, stock_bench
from tests.world import NOW, World

DOCUMENT = ROOT / "docs" / "api" / "openapi.json"
LEFT_OUT = "/(logout|delete_account|run_dunning)$"
CHECKS = "not_a_server_error,status_code_conformance"


def people(world: World) -> dict[str, Caller]:
    """One signed-in person of each kind, in a market where something is owed and paid."""
    tenant = world.bound_tenant()
    world.paid(tenant)
    return {
        "guest": world.guest(),
        "merchant": tenant.phone,
        "finance": world.clerk(tenant.market, "Market Finance"),
    }


def fuzz(caller: Caller, report: Path, examples: int) -> dict[str, int]:
    """Run schemathesis as this person; how many cases it tried and failures it found."""
    headers = {CSRF: str(caller.http.headers.get(CSRF, ""))}
    if sid := caller.http.cookies.get("sid"):
        headers["Cookie"] = f"sid={sid}"
    given = [word for name, value in headers.items() if value for word in ("-H", f"{name}: {value}")]
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--no-color", "run", str(DOCUMENT)),
        *("--url", caller.base, "--phases", "examples,coverage,fuzzing", "--checks", CHECKS),
        *("-n", str(examples), "--seed", "7", "--workers", "1", "--request-timeout", "60"),
        *("--exclude-path-regex", LEFT_OUT, "--suppress-health-check", "all", "--warnings", "off"),
        *("--report-json-path", str(report), *given),
    ]
    done = subprocess.run(command, check=False, text=True, capture_output=True)
    if done.returncode:
        print(done.stdout[-20_000:], done.stderr[-2_000:])
    cases = json.loads(report.read_text())["test_cases"]
    return {"cases": cases["generated"], "failures": cases["with_failures"] or done.returncode}


def main(arguments: list[str]) -> int:
    """0 when nobody met a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.fuzz")
    parser.add_argument("--examples", type=int, default=30)
    examples = parser.parse_args(arguments).examples
    results = {}
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-", dir="/tmp") as folder,
        live(stock_bench() or throw_away(Path(folder, "bench"))) as site,
    ):
        site.set_clock(NOW)
        for role, caller in people(World(site)).items():
            results[role] = fuzz(caller, Path(folder, f"{role}.json"), examples)
    print(json.dumps(results))
    return int(any(result["failures"] for result in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
