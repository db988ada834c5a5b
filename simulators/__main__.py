"""Command line: `python -m simulators keys DIR`, `… config DIR --base URL --site URL`, `… serve DIR --port N`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from simulators import keys
from simulators.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulators", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("keys", "generate the shared keys"),
        ("config", "print the customer's site_config entries as JSON"),
        ("serve", "run every gateway on one port"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("directory", type=Path)
        if name == "config":
            command.add_argument("--base", required=True, help="URL of the simulators")
            command.add_argument("--site", required=True, help="URL of the site that is notified")
        if name == "serve":
            command.add_argument("--port", type=int, default=8100)
    arguments = parser.parse_args()
    shared = keys.generate(arguments.directory)
    if arguments.command == "config":
        print(json.dumps(shared.site_config(arguments.base, arguments.site)))
    if arguments.command == "serve":
        server = serve(arguments.directory, arguments.port)
        print(f"simulators on http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()


if __name__ == "__main__":
    main()
