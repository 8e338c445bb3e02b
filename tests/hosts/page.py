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
import urllib.request

from browser import Browser, there
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
# Each would be run where text is taken for markup.
MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
NAME = '<img src=x onerror="window.ran=1">.txt'
RECORDS = 1_000_000


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


ESCAPE, SPACE, HOME, END = "\ue00c", " ", "\ue011", "\ue010"


class Api:
    """What a program asks beside the page."""

    def __init__(self, url):
        self.base, key = url.split("/?key=")
        self.head = {"Authorization": f"Bearer {key}"}

    def ask(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(self.base + path, data, self.head), timeout=30) as answer:
            return json.load(answer)

    def status(self):
        return self.ask("/api/status")

    def until(self, test, what):
        end = time.monotonic() + 20
        while not test(self.status()):
            assert time.monotonic() < end, f"waited in vain for {what}: {self.status()}"
            time.sleep(0.05)


def row_with(page, text, kind):
    """The selector of the first line in the list that has this text and is of this kind."""
    row = """const row = [...document.querySelectorAll('#rows .row')].find((r) => r.querySelector('.k').textContent === arguments[1]
        && r.textContent.includes(arguments[0])); return row?.id"""
    return "#" + page.wait(row, text, kind, what=f"a line with {text}")


def search(page, text, count):
    """Searches, until the list holds so many records."""
    page.type("#search", text)
    page.wait("return shown.length === arguments[0] && filtered === trace.length", count, what=f"{count} records with {text}")


def all_shown(page):
    page.type("#search", "")
    page.wait("return !search && shown.length > 20")


def cause_is_seen(page):
    """A person sees 1,79, clicks on it, and is led to the fault that did it."""
    page.wait("return trace.kind.some((k, i) => k === 'urc' && trace.at(i).line.endsWith('1,79'))", what="1,79")
    page.click("#zoom-all")
    page.type("#search", "1,79")
    page.click(row_with(page, "+FTPGET: 1,79", "urc"))
    all_shown(page)
    assert "1,79" in page.text("#record pre")
    told = page.run("return [...document.querySelectorAll('#record ol.chain button')].map((b) => b.textContent)")
    assert any("426" in line for line in told), told
    assert any("tower-goes applied" in line for line in told), told
    # From there on by the keyboard: to the cause of the cause.
    page.run("document.activeElement.blur()")
    page.keys("c", "c")
    page.wait("return trace.kind[chosen] === 'fault_applied'")
    page.keys("e")
    page.wait("return chosen >= 0 && trace.kind[chosen] !== 'fault_applied'")


def list_and_lanes(page):
    """Chips, search, zoom, following, and the keys of each."""
    for chip in range(8):
        before = page.run("return shown.length")
        selector = f"#chips .chip:nth-child({chip + 1})"
        page.click(selector)
        page.wait("return filtered === trace.length && shown.length !== arguments[0]", before, what=f"chip {chip}")
        page.click(selector)
        page.wait("return filtered === trace.length && shown.length === arguments[0]", before, what=f"chip {chip} again")
    search(page, "/^no such text$/", 0)
    page.type("#search", "/(/")
    page.wait("return !document.getElementById('search').checkValidity()")
    all_shown(page)
    span = lambda: page.run("return view.to - view.from")
    before = span()
    page.click("#zoom-in")
    assert span() < before
    page.click("#zoom-out")
    page.click("#zoom-all")
    page.click("#follow")
    page.wait("return follow")
    page.run("document.activeElement.blur()")
    page.keys("f")
    page.wait("return !follow")
    page.keys(HOME)
    page.wait("return chosen === shown[0]")
    page.keys("j", "j", "k")
    page.wait("return chosen === shown[1]")
    page.keys(END)
    page.wait("return chosen === shown[shown.length - 1]")
    before = span()
    page.keys("+")
    assert span() < before
    page.keys("-", "0")
    # A click on a mark of the lanes chooses it.
    at = page.run("""const i = trace.bars[0].at, box = canvas.getBoundingClientRect();
        return [i, Math.round(box.x + xOf(trace.t[i])), Math.round(box.y + yOf(5))]""")
    page.pointer(at[1], at[2])
    page.wait("return trace.kind[chosen] === 'fault_applied'")
    page.keys("/")
    page.wait("return document.activeElement.id === 'search'")
    page.keys(ESCAPE, "?")
    page.wait("return document.getElementById('keys').open")
    page.click("#keys button")
    page.click("#help")
    page.click("#keys button")
    for number, tab in enumerate(["record", "state", "faults", "files", "console", "verdict"], 1):
        page.keys(str(number))
        page.wait("return panel === arguments[0]", tab)
        page.click(f"#tab-{tab}")
        assert not page.run("return document.getElementById(arguments[0]).hidden", tab)
    for theme in ("dark", "light"):
        if page.run("return document.documentElement.dataset.theme !== arguments[0]", theme):
            page.click("#theme")
        page.wait("return document.documentElement.dataset.theme === arguments[0]", theme)


def clock(page, api):
    page.click("#pause")
    api.until(lambda s: s["paused"], "the clock to stand")
    page.wait("return !document.getElementById('step').disabled")
    before = api.status()["t"]
    page.type("#step-by", "90s")
    page.click("#step")
    api.until(lambda s: s["t"] == before + 90_000_000, "the step")
    page.type("#step-by", "nonsense")
    page.click("#step")
    page.wait("return document.getElementById('missed').textContent.length > 0", what="what is wrong with the step")
    page.run("document.activeElement.blur()")
    page.keys(SPACE)
    api.until(lambda s: not s["paused"], "the clock to run")
    page.pick("#speed", "5")
    api.until(lambda s: s["speed"] == 5, "the speed")
    page.pick("#speed", "1")
    api.until(lambda s: s["speed"] == 1, "the speed")


def fault(page, kind, what={}, trigger="", when={}, lasts="", name=""):
    """Fills the form."""
    page.pick("#fault-kind", kind)
    page.pick("#when-kind", trigger)
    for fields, values in (("fault-fields", what), ("when-fields", when)):
        for key, value in values.items():
            page.pick(f'#{fields} [data-name="{key}"]', value)
    page.pick("#fault-for", lasts)
    page.type("#fault-name", name)


def injected(page):
    page.run("document.getElementById('fault-said').textContent = ''")
    page.click("#fault-form button.main")
    return page.wait("return document.getElementById('fault-said').textContent", what="what came of it")


# Fills the form with the example of a kind, as a person would: what is chosen, and what is typed.
FILL = """const kind = kinds.layers.flatMap((l) => l.faults).find((f) => f.name === arguments[0]), example = kind.example;
    const choose = (id, value) => { const e = $(id); e.value = value; e.dispatchEvent(new Event("change")); if (e.value !== value) throw new Error(`${id} has no ${value}`); };
    const fill = (table) => { for (const [key, value] of Object.entries(example[table] ?? {})) {
        const input = document.querySelector(`#${table === "what" ? "fault" : table}-fields [data-name="${key}"]`);
        if (!input) throw new Error(`${table} has no field ${key}`);
        input.value = plain(value); input.dispatchEvent(new Event("input")); } };
    choose("fault-kind", kind.name);
    for (const table of ["when", "until"]) choose(`${table}-kind`, Object.keys(example[table] ?? {}).find((k) => kinds.when.find((w) => w.name === k).trigger) ?? "");
    for (const table of ["what", "when", "until"]) fill(table);
    for (const key of ["for", "name"]) $(`fault-${key}`).value = example[key] ?? "";
    preview(); const said = composed();
    const flat = (v) => JSON.stringify(v, (_, x) => x && typeof x === "object" && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).sort()) : x);
    return flat(said) === flat(example) ? "" : `${flat(said)} for ${flat(example)}`"""


def every_kind():
    """Whatever there is can be said with the form, and is taken: the example of each kind."""
    with Modem("--http", "127.0.0.1:0") as modem, Browser() as page:
        page.open(modem.ready["http"])
        page.wait("return kinds && document.querySelector('#fault-kind option')")
        page.click("#tab-faults")
        names = page.run("return kinds.layers.flatMap((l) => l.faults).map((f) => f.name)")
        assert len(names) > 40, names
        wrong = {}
        for name in names:
            said = page.run(FILL, name) or injected(page)
            if " is in" not in said:
                wrong[name] = said
        assert not wrong, wrong
        page.click("#lift-all")
        page.wait("return document.getElementById('fault-said').textContent === 'all lifted'")
        nothing_ran(page)


def faults(page, api):
    page.click("#tab-faults")
    page.wait("return document.querySelector('#fault-list .fault')")
    fault(page, "signal", {"signal": "2"}, lasts="20s", name="weak")
    assert 'what = { signal = 2 }\nfor = "20s"' in page.text("#fault-text")
    assert injected(page).startswith("weak is in")
    api.until(lambda s: s["signal"] == 2 and s["faults"] == ["weak"], "the weak signal")
    assert "taken" in injected(page) or "weak" in page.text("#fault-said.bad")
    lift = """return [...document.querySelectorAll('#fault-list .fault')].findIndex((f) => f.querySelector('b').textContent === arguments[0]
        && f.classList.contains('active')) + 1"""
    at = page.wait(lift, "weak", what="the fault in the list")
    page.click(f"#fault-list .fault:nth-child({at}) button:last-child")
    api.until(lambda s: s["faults"] == [], "the lift")
    fault(page, "late", {"late": "1s"}, "command", {"command": "AT+CSQ", "nth": "3"}, name="slow")
    assert injected(page).startswith("slow is in")
    fault(page, "reply", {"reply": "550"}, "verb", {"verb": "RETR", "file": "none"}, name="none")
    assert injected(page).startswith("none is in")
    fault(page, "pdp_drop", {"pdp_drop": "16"}, name="idle")
    assert "idle is in; " in injected(page), "what it could not do is told"
    fault(page, "say", {"say": MARKUP}, name=MARKUP)
    assert "is in" in injected(page)
    page.click("#lift-all")
    page.wait("return document.getElementById('fault-said').textContent === 'all lifted'")
    page.type("#search", "window.ran")
    page.click(row_with(page, "window.ran", "urc"))
    all_shown(page)


def files(page, folder, root):
    page.click("#tab-files")
    page.wait("return document.querySelectorAll('#file-rows tr').length === 2")
    path = os.path.join(folder, NAME)
    with open(path, "wb") as file:
        file.write(bytes(range(256)) * 1000)
    page.type("#file-add", path, clear=False)
    page.wait("return document.querySelectorAll('#file-rows tr').length === 3", what="the file that was added")
    with open(path, "rb") as mine, open(os.path.join(root, NAME), "rb") as there:
        assert mine.read() == there.read()
    of = lambda what, name: page.run("""const b = [...document.querySelectorAll('#file-rows button')]
        .find((b) => b.title === `${arguments[0]} ${arguments[1]}`); b.click()""", what, name)
    of("Fetch", "fw.bin")
    got = page.downloaded("fw.bin")
    assert len(got) == 60000, len(got)
    of("Remove", NAME)
    page.wait("return document.querySelectorAll('#file-rows tr').length === 2", what="the file to go")
    assert not os.path.exists(os.path.join(root, NAME))
    page.click("#file-rows tr:first-child button")
    page.wait("return document.getElementById('file-rows').textContent.includes('readme.txt')")
    drop(page, "#files", "dropped.txt", "hello")
    page.wait("return document.getElementById('file-rows').textContent.includes('dropped.txt')")
    with open(os.path.join(root, "notes", "dropped.txt")) as file:
        assert file.read() == "hello"
    page.click("#crumbs button:first-child")
    page.wait("return document.getElementById('file-rows').textContent.includes('fw.bin')")


def drop(page, selector, name, text):
    page.run("""const data = new DataTransfer(); data.items.add(new File([arguments[2]], arguments[1]));
        for (const kind of ["dragover", "drop"]) document.querySelector(arguments[0]).dispatchEvent(
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));""", selector, name, text)


def at_line(page):
    page.run("document.activeElement.blur()")
    page.keys("t")
    page.wait("return document.activeElement.id === 'at'")
    send = lambda line: (page.type("#at", line), page.click("#console button"))
    said = lambda text: page.wait("return document.getElementById('console-said').textContent.includes(arguments[0])", text)
    send("AT+CSQ")
    said("+CSQ: ")
    send(f"AT{MARKUP}")
    said("ERROR")
    page.click("#at")
    page.keys("\ue013", "\ue013")
    assert page.run("return document.getElementById('at').value") == "AT+CSQ"
    page.keys("\ue015", "\ue015")
    assert page.run("return document.getElementById('at').value") == ""


def again_by_hand(page, host, folder):
    """The same fault once more, made with the form, and saved: who runs what was saved sees the same."""
    page.click("#tab-faults")
    fault(page, "cut", {"cut": "rst"}, "after_bytes", {"after_bytes": "24000", "link": "ftp.data"}, name="again")
    assert injected(page).startswith("again is in")
    assert host.download() == 79
    page.click("#save")
    saved = os.path.join(folder, "again.toml")
    with open(saved, "wb") as file:
        file.write(page.downloaded("badline.toml"))
    subprocess.run([sys.argv[1], "check", saved], check=True, stdout=subprocess.DEVNULL)
    with Modem("--scenario", saved) as modem:
        host = Host(modem.ready["link"])
        host.log_in()
        assert [host.download(), host.download()] == [79, 79]


def nothing_ran(page):
    assert page.run("return window.ran === undefined && document.querySelectorAll('img').length === 0")
    errors = [line for line in page.errors() if "status of 40" not in line]
    assert not errors, errors


def shots(page, folder):
    """Of a run whose download has failed, with its cause."""
    for theme in ("light", "dark"):
        page.run("theme(arguments[0])", theme)
        page.run("document.activeElement.blur()")
        page.wait("return new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))")
        page.shot(os.path.join(folder, f"bench-{theme}.png"))
    page.run("theme('light')")


def live(folder):
    scenario = os.path.join(folder, "field.toml")
    with open(scenario, "w") as file:
        file.write(SCENARIO)
    trace = os.path.join(folder, "run.jsonl")
    with Modem("--scenario", scenario, "--http", "127.0.0.1:0", "--trace", trace) as modem, Browser() as page:
        api = Api(modem.ready["http"])
        host = Host(modem.ready["link"])
        page.open(modem.ready["http"])
        host.log_in()
        assert host.download() == 79
        cause_is_seen(page)
        if len(sys.argv) > 2:
            page.click(row_with(page, "+FTPGET: 1,79", "urc"))
            shots(page, sys.argv[2])
        list_and_lanes(page)
        clock(page, api)
        at_line(page)
        faults(page, api)
        files(page, folder, modem.root)
        page.click("#tab-verdict")
        page.wait("return document.getElementById('verdict').textContent.includes('AT+FTPREST')")
        page.click("#tab-state")
        page.wait("return document.getElementById('state').textContent.includes('registered, home')")
        again_by_hand(page, host, folder)
        # It keeps up with a host that does not stop.
        before, began = page.run("return trace.length"), time.monotonic()
        for _ in range(2000):
            host.ask("AT")
        took = time.monotonic() - began
        page.wait("return trace.length > arguments[0] + 6000", before, what="6000 records", limit=2)
        print(f"{(page.run('return trace.length') - before) / took:.0f} records a second are kept up with")
        # A page that is opened later, narrow, has all of it, too.
        page.resize(800, 900)
        page.open(modem.ready["http"])
        page.wait("return trace.length > arguments[0] + 6000", before, what="the whole trace")
        assert page.run("return document.documentElement.scrollWidth <= 800"), "it is wider than its window"
        page.resize(1360, 820)
        nothing_ran(page)
        page.type("#open", trace, clear=False)
        page.wait("return !live && trace.length > 6000", what="the trace that was opened")
        with open(trace) as file:
            records = file.read().splitlines(keepends=True)[:100]
        drop(page, "#list", "dropped.jsonl", "".join(records))
        page.wait("return trace.length === 100", what="the trace that was dropped")
        drop(page, "#list", "<b>no trace</b>.txt", "nothing of the kind")
        page.wait("return document.getElementById('missed').textContent.includes('no record')", what="the word that it is none")
        # Not with a key, or from a page, of others.
        page.open(modem.ready["http"][:-1] + "x")
        assert "key" in page.text("body")


def much(folder):
    """A trace of a million records is loaded, and the list moves on without a stop."""
    path = os.path.join(folder, "much.jsonl")
    kinds = [{"event": "command_line", "port": 1, "line": "AT+CSQ"}, {"event": "result", "port": 1, "text": "OK"},
             {"event": "urc", "port": 1, "line": "+CREG: 1"}, {"event": "segment", "link": 1, "way": "down", "len": 1460}]
    with open(path, "w") as file:
        for n in range(RECORDS):
            file.write(json.dumps({"t": n * 1000, **kinds[n % len(kinds)]}) + "\n")
    command = [sys.argv[1], "trace", path, "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, Browser() as page:
        try:
            page.open(server.stdout.readline().split()[-1])
            began = time.monotonic()
            page.wait("return !live && trace.length === arguments[0]", RECORDS, what="a million records", limit=120)
            loaded = time.monotonic() - began
            frames = page.run_async("""const done = arguments[0], gaps = []; let last = performance.now(), n = 0;
                list.scrollTop = 0; follow = false;
                const step = () => { const now = performance.now(); gaps.push(now - last); last = now;
                    list.scrollTop += list.scrollHeight / 120; if (++n < 120) requestAnimationFrame(step); else done(gaps.slice(1)); };
                requestAnimationFrame(step);""")
            frames.sort()
            print(f"a million records in {loaded:.1f} s; a frame while scrolling {frames[60]:.0f} ms, the longest {frames[-1]:.0f} ms")
            assert frames[60] < 100 and frames[-1] < 1000, frames
            page.keys(END)
            page.wait("return chosen === shown[shown.length - 1]")
            for selector in ("#zoom-in", "#zoom-out", "#zoom-all"):
                page.click(selector)
            page.type("#search", "/CREG/")
            page.wait("return filtered === trace.length && shown.length === arguments[0]", RECORDS // 4, what="what was searched for", limit=60)
            nothing_ran(page)
        finally:
            server.terminate()


def main():
    with tempfile.TemporaryDirectory() as folder:
        live(folder)
        every_kind()
        much(folder)


if not there():
    print("skipped: no chromium with its chromedriver")
else:
    main()
