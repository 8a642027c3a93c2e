#!/usr/bin/python3
"""tools/setup on machines that are made up: commands of the package manager that only keep a record."""
import subprocess
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent / "setup"

# State is three files: installed, known (to the package lists), mirror (what an update makes known).
COMMANDS = {
    "dpkg-query": """case "$*" in
    *Depends*clang) exit 1 ;;
    *) sed 's/.*/installed=&/' "$S/installed" | tr '\\n' ' ' ;;
    esac""",
    "apt-cache": """case "$1" in
    depends) echo "Depends: clang-42" ;;
    show) for last; do :; done; grep -qx -- "$last" "$S/known" && echo "Package: $last" ;;
    esac""",
    "apt-get": """echo "apt-get $*" >>"$S/log"
    case "$*" in
    *update) cp "$S/mirror" "$S/known" ;;
    *)  if [ -e "$S/broken" ]; then rm "$S/broken"; exit 100; fi
        for p; do case $p in -*|install|DPkg*) ;; *) echo "$p" >>"$S/installed" ;; esac; done ;;
    esac""",
    "id": 'cat "$S/uid"',
    "sudo": 'echo sudo >>"$S/log"; "$@"',
}


class Setup(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)
        self.bin = self.dir / "bin"
        self.bin.mkdir()
        for name in ("bash", "sh", "cat", "sed", "tr", "head", "grep", "cp", "rm", "env"):
            (self.bin / name).symlink_to(f"/bin/{name}")
        for name, body in COMMANDS.items():
            (self.bin / name).write_text(f"#!/bin/bash\n{body}\n")
            (self.bin / name).chmod(0o755)
        self.put("uid", ["0"])
        listed = subprocess.run([str(TOOL), "--list"], capture_output=True, text=True, check=True).stdout
        specs = [line.split()[0] for line in listed.splitlines()]
        self.needed = [s.split("|")[0].replace("@CLANG@", "42") for s in specs if not s.startswith("?")]
        self.extras = [s[1:].split("|")[0] for s in specs if s.startswith("?")]
        for name in ("known", "mirror"):
            self.put(name, self.needed + self.extras)
        self.put("installed", self.needed + self.extras)

    def put(self, name: str, lines: list[str]) -> None:
        (self.dir / name).write_text("".join(line + "\n" for line in lines))

    def log(self) -> list[str]:
        path = self.dir / "log"
        return path.read_text().splitlines() if path.exists() else []

    def run_setup(self, *args: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "S": str(self.dir)}
        return subprocess.run([str(TOOL), *args], capture_output=True, text=True, env=environment)

    def test_with_everything_there_it_says_one_line_and_does_nothing(self) -> None:
        self.put("uid", ["1000"])
        done = self.run_setup()
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr), (0, "setup: everything needed is installed\n", "")
        )
        self.assertEqual(self.log(), [])

    def test_it_installs_what_is_missing_and_nothing_else(self) -> None:
        self.put("installed", [p for p in self.needed + self.extras if p not in ("gdb", "wrk")])
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("installing: gdb wrk\n", done.stdout)
        self.assertEqual(len(self.log()), 1)
        self.assertTrue(self.log()[0].endswith(" install --no-install-recommends gdb wrk"), self.log())

    def test_without_package_lists_it_updates_first(self) -> None:
        self.put("installed", [])
        self.put("known", [])
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split()[-1] for line in self.log()][0], "update")
        self.assertEqual(
            sorted(self.log()[1].split("--no-install-recommends ")[1].split()),
            sorted(self.needed + self.extras),
        )

    def test_old_package_lists_are_renewed_when_an_installation_fails(self) -> None:
        self.put("installed", self.needed[1:] + self.extras)
        self.put("broken", [])
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            [line.split()[-1] for line in self.log()], [self.needed[0], "update", self.needed[0]]
        )

    def test_a_convenience_that_the_release_lacks_is_left_out(self) -> None:
        self.put("installed", self.needed)
        self.put("known", self.needed)
        done = self.run_setup()
        self.assertEqual((done.returncode, self.log()), (0, []))
        self.assertIn("not in this release", done.stdout)

    def test_a_necessity_that_the_release_lacks_is_an_error(self) -> None:
        for name in ("installed", "known", "mirror"):
            self.put(name, [p for p in self.needed if p != "gdb"])
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("this release has no package gdb", done.stderr)

    def test_the_second_choice_will_do(self) -> None:
        others = [p for p in self.needed if p != "libclang-rt-42-dev"]
        for name in ("known", "mirror"):
            self.put(name, others + ["libclang-rt-dev"])
        self.put("installed", others)
        self.assertEqual(self.run_setup().returncode, 0)
        self.assertTrue(self.log()[0].endswith(" libclang-rt-dev"), self.log())
        self.assertEqual(self.run_setup().returncode, 0)
        self.assertEqual(len(self.log()), 1)

    def test_who_is_not_root_goes_through_sudo(self) -> None:
        self.put("uid", ["1000"])
        self.put("installed", self.needed[1:])
        done = self.run_setup()
        self.assertEqual((done.returncode, self.log()[0]), (0, "sudo"))

    def test_without_root_and_sudo_it_says_what_to_do(self) -> None:
        self.put("uid", ["1000"])
        self.put("installed", self.needed[1:])
        (self.bin / "sudo").unlink()
        done = self.run_setup()
        self.assertEqual((done.returncode, self.log()), (1, []))
        self.assertIn(f"apt-get install {self.needed[0]}", done.stderr)

    def test_the_benchmarks_peers_are_another_list(self) -> None:
        self.put("installed", self.needed + self.extras)
        for name in ("known", "mirror"):
            self.put(name, ["golang-go", "libst-dev"])
        done = self.run_setup("bench")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.log()), 1)
        self.assertTrue(self.log()[0].endswith(" install --no-install-recommends golang-go libst-dev"), self.log())
        self.assertIn("not in this release, and not needed: libboost-fiber-dev", done.stdout)

    def test_another_system_is_told_what_is_needed(self) -> None:
        (self.bin / "dpkg-query").unlink()
        done = self.run_setup()
        self.assertEqual((done.returncode, self.log()), (1, []))
        self.assertIn("neither Debian nor Ubuntu", done.stderr)
        self.assertIn("graphviz", done.stderr)


if __name__ == "__main__":
    unittest.main()
