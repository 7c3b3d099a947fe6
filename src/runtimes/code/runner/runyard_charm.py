"""Runs an agent through the public `charmos` package, for bundles that ask for it: as `charm run . --json INPUT` does.

Within this process, because a command line cannot hold a long input.
"""

import os
import sys
import time

runner = sys.modules["__main__"]


def run(inputs):
    # Its console breaks lines at the width of the terminal, and the last line is JSON.
    os.environ["COLUMNS"] = "1000000000"
    os.environ["LINES"] = "25"
    skip_update_check()
    try:
        from charm.cli.app import app
    except Exception as error:
        runner.print_traceback()
        runner.emit({"type": "error", "content": "Could not load the package charmos: %s" % error})
        return 1
    sys.argv = ["charm", "run", ".", "--json", runner.write_json(inputs)]
    try:
        code = app(args=sys.argv[1:], prog_name="charm", standalone_mode=False)
    except SystemExit as error:
        return runner.exit_code(error)
    except Exception as error:
        # Its console takes [/words] of a result for markup; the result itself is out by then.
        if type(error).__module__ == "rich.errors":
            return 0
        runner.print_traceback()
        return getattr(error, "exit_code", 1)
    return code if isinstance(code, int) else 0


def skip_update_check():
    """It asks a package index for newer versions, at most once a day, which here would be at every run."""
    folder = os.path.join(os.path.expanduser("~"), ".charm")
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, ".update_check.json"), "x") as file:
            file.write('{"last_check": %f}' % time.time())
    except OSError:
        pass
