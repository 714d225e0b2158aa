# Starts scancode with the packages beside this file and nothing else.
import sys

from scancode.cli import scancode

if __name__ == "__main__":
    sys.exit(scancode())
