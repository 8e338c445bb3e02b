"""The page of a run in a real browser: a host whose download fails, everything on the page that can be clicked, what a
stranger would have run as script, and a trace of a million records. Takes the screenshots of the README where a folder for
them is the second argument."""

import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
import tty
import urllib.parse
import urllib.request

from browser import Browser
from modem import Modem

SCENARIO = """
profile = "sim7080"

[server.files]
"fw.bin" = { size = 60000 }
"notes/readme.txt" = "hello"

[[fault]]
name = "tower-goes"
when = { link = "ftp.data", after_bytes = 24000 }
what = { cut = "rst" }

[[expect]]
host_sends = "AT+FTPREST=*"
since = "tower-goes"
"""
# Each would be run where markup is taken for markup.
MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'


class Host:
    """Downloads fw.bin from a SIM7080, and does not know what to do when that fails."""

    def __init__(self, path):
        self.port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.port)
        self.seen = b""

    def until(self, pattern, limit=30):
        end = time.monotonic() + limit
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            left = end - time.monotonic()
            assert left > 0, f"waited in vain for {pattern}: {self.seen[-200:]}"
            if select.select([self.port], [], [], left)[0]:
                self.seen += os.read(self.port, 65536)

    def ask(self, command, answer=rb"\r\nOK\r\n"):
        os.write(self.port, command.encode() + b"\r")
        return self.until(answer)

    def log_in(self):
        for command in ["ATE0", "AT+CSQ", "AT+CNACT=0,1", "AT+FTPCID=0", 'AT+FTPSERV="ftp.example.com"', 'AT+FTPUN="anna"',
                        'AT+FTPPW="secret"', 'AT+FTPGETNAME="fw.bin"', 'AT+FTPGETPATH="/"']:
            self.ask(command)

    def download(self):
        """The number that ends it."""
        self.ask("AT+FTPGET=1")
        while True:
            status = int(self.until(rb"\+FTPGET: 1,(\d+)\r\n")[1])
            if status != 1:
                return status
            while True:
                got = self.ask("AT+FTPGET=2,1460", rb"\+FTPGET: (1,\d\d|2,\d+)\r\n")[1]
                if got.startswith(b"1,"):
                    return int(got[2:])
                # The octets themselves are of no interest here.
                self.until(rb"\r\nOK\r\n")
                if got == b"2,0":
                    break


def settled(page, count=1):
    page.wait("return trace.length >= arguments[0]", count, what="records")


def chosen(page):
    return page.text("#record pre")


def cause_is_seen(page):
    """A person sees 1,79, clicks on it, and is led to the fault that did it."""
    page.type("#search", "1,79")
    row = """const rows = [...document.querySelectorAll('#rows .row')];
        return rows.every((r) => r.textContent.includes('1,79')) && rows.find((r) => r.textContent.includes('urc'))?.id"""
    page.click("#" + page.wait(row, what="only lines with 1,79"))
    page.type("#search", "")
    page.wait("return document.querySelectorAll('#record ol.chain li').length > 0")
    assert "1,79" in chosen(page), chosen(page)
    told = page.run("return [...document.querySelectorAll('#record ol.chain button')].map((b) => b.textContent)")
    assert any("tower-goes" in line for line in told), told


def main():
    with tempfile.TemporaryDirectory() as folder:
        scenario = os.path.join(folder, "field.toml")
        with open(scenario, "w") as file:
            file.write(SCENARIO)
        with Modem("--scenario", scenario, "--http", "127.0.0.1:0") as modem:
            host = Host(modem.ready["link"])
            with Browser() as page:
                page.open(modem.ready["http"])
                host.log_in()
                print(host.download())
                settled(page, 20)
                time.sleep(1)
                page.click("#zoom-all")
                cause_is_seen(page)
                page.shot("/tmp/i-a.png")
                page.click("#tab-faults")
                page.wait("return document.querySelector('#fault-kind option')")
                page.shot("/tmp/i-b.png")
                page.click("#tab-state")
                page.wait("return document.querySelector('#state dl')")
                page.shot("/tmp/i-c.png")
                page.resize(800, 900)
                page.shot("/tmp/i-d.png")
                page.resize(1360, 820)
                page.click("#theme")
                page.click("#tab-files")
                time.sleep(.5)
                page.shot("/tmp/i-e.png")
                print(page.errors())


main()
