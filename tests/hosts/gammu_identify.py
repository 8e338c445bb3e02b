"""gammu, as it probes any modem."""

import os
import subprocess
import sys
import tempfile

from modem import Modem


def main():
    with Modem() as modem, tempfile.NamedTemporaryFile("w", suffix=".rc") as config:
        config.write(f"[gammu]\nport = {modem.ready['port']}\nconnection = at115200\n")
        config.flush()
        command = ["gammu", "-c", config.name, "identify"]
        environment = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
        print(done.stdout + done.stderr, end="")
        assert done.returncode == 0, f"gammu ended with {done.returncode}"
        for known in ["SIMCOM", "869951030000000", "001010123456789"]:
            assert known in done.stdout, f"gammu does not say {known}"


sys.exit(main())
