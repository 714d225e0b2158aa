# Starts scancode with the packages beside this file and nothing else.
import gc
import os
import sys

# Its index is millions of objects that live until the end: python's collector would walk them again
# and again, and taking them apart at the end would cost as long as a third of a run.
gc.set_threshold(200_000, 50, 1_000)

from scancode.cli import scancode  # noqa: E402

if __name__ == "__main__":
    try:
        code = scancode()
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
