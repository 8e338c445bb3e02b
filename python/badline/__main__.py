"""`python -m badline` is the program `badline`."""

import os
import sys

from badline import NotFound, program

try:
    os.execv(program(), ["badline", *sys.argv[1:]])
except NotFound as e:
    sys.exit(f"badline: {e}")
