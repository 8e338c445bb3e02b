"""What the package costs, with a program that is built for release, and nothing beside it: the best of several."""

import subprocess
import sys
import time

import badline


def test_an_import_costs_next_to_nothing():
    code = "import time; t = time.process_time(); import badline; print(time.process_time() - t)"
    took = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(20)]
    assert min(took) < 0.030


def test_a_modem_is_ready_at_once():
    took = []
    for _ in range(20):
        began = time.monotonic()
        with badline.Modem() as modem:
            modem.status()
            took.append(time.monotonic() - began)
    assert min(took) < 0.100
