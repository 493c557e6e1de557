"""Tests of the lint: each rule finds what it is there for, and leaves good code alone."""

import pathlib
import subprocess
import tempfile
import unittest

import functions
import rules_layers
import source_tree
import tidy


class House:
    """A small repository made of the given files."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory(prefix="farshore-tidy-")
        root = pathlib.Path(self.folder.name)
        subprocess.run(["git", "init", "-q", root], check=True)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def findings(self, *rules):
        found = tidy.findings_by_rule(self.folder.name, rules)
        return [finding for findings in found.values() for finding in findings]


class Rules(unittest.TestCase):
    def found(self, rule, path, text, **others):
        with House({path: text, **others}) as house:
            return house.findings(rule)

    def assert_found(self, rule, path, text):
        self.assertTrue(self.found(rule, path, text), f"{rule} finds nothing in {path}: {text}")

    def assert_clean(self, rule, path, text):
        self.assertEqual(self.found(rule, path, text), [])

    def test_long_function_is_found_with_its_first_line_and_length(self):
        body = "    f();\n" * 69
        found = self.found("function-length", "protocol/a.cpp",
                           "int g() { return 1; }\n" * 20 + "void f() {\n" + body + "}\n")
        self.assertEqual([(f.line, "71 lines" in f.message) for f in found], [(21, True)])
        self.assert_clean("function-length", "protocol/a.cpp",
                          "int g() { return 1; }\n" * 20 + "void f() {\n" + body[9:] + "}\n")

    def test_too_many_functions_beyond_forty_lines_are_found(self):
        longish = "void f() {\n" + "    f();\n" * 45 + "}\n"
        self.assert_found("function-length", "protocol/a.cpp", longish)

    def test_file_and_line_lengths(self):
        self.assert_found("file-length", "protocol/a.cpp", "\n" * 501)
        self.assert_clean("file-length", "protocol/a.cpp", "\n" * 500)
        self.assert_found("file-length", "protocol/a.hpp", "\n" * 251)
        self.assert_found("file-length", "agent/main.cpp", "\n" * 61)
        self.assert_found("line-length", "protocol/a.cpp", "x" * 101)
        self.assert_clean("line-length", "protocol/a.cpp", "x" * 100)

    def test_layers_are_one_way(self):
        include = '#include "{}"\n'.format
        self.assert_found("layers", "protocol/a.cpp", include("storage/disk/b.hpp"))
        self.assert_found("layers", "storage/a/a.cpp", include("agent/runtime/log.hpp"))
        self.assert_found("layers", "agent/primary/a.cpp", include("agent/secondary/b.hpp"))
        self.assert_found("layers", "agent/runtime/a.cpp", include("agent/config/b.hpp"))
        self.assert_found("layers", "agent/control/a.cpp", include("agent/daemon/b.hpp"))
        self.assert_found("layers", "agent/novel/a.cpp", include("agent/daemon/b.hpp"))
        self.assert_found("layers", "protocol/a.cpp", include("digest.hpp"))
        self.assert_clean("layers", "agent/commands/a.cpp", include("agent/daemon/b.hpp"))
        self.assert_clean("layers", "agent/primary/a.cpp", include("storage/disk/b.hpp"))
        self.assert_clean("layers", "agent/main.cpp", include("agent/commands/b.hpp"))

    def test_every_room_has_one_height(self):
        rooms = [room for row in rules_layers.AGENT_ROWS for room in row]
        self.assertEqual(len(rooms), len(set(rooms)))

    def test_libraries_stay_in_their_rooms(self):
        self.assert_found("foreign-libraries", "storage/a/a.cpp", "#include <boost/asio.hpp>\n")
        self.assert_found("foreign-libraries", "agent/primary/a.cpp", "#include <sqlite3.h>\n")
        self.assert_clean("foreign-libraries", "storage/state/a.cpp", "#include <sqlite3.h>\n")
        self.assert_clean("foreign-libraries", "storage/a/a.cpp", "#include <boost/json.hpp>\n")

    def test_deed_knows_no_wire(self):
        text = '#include "agent/connection/lane.hpp"\n'
        self.assert_found("deed-and-wire", "agent/secondary/files/tree_applier.cpp", text)
        self.assert_found("deed-and-wire", "agent/verification/a.cpp", text)
        self.assert_clean("deed-and-wire", "agent/secondary/files/receiver.cpp", text)

    def test_disk_has_one_door(self):
        rule = "one-door-to-the-disk"
        for call in ("::open(path, 0)", "fsync(fd)", "::rename(a, b)", "std::ofstream out(p)",
                     "std::filesystem::remove(p)", "unlinkat(d, p, 0)"):
            self.assert_found(rule, "agent/primary/a.cpp", f"void f() {{ {call}; }}\n")
            self.assert_clean(rule, "storage/disk/posix_file_system.cpp", f"void f() {{ {call}; }}")
        for call in ("files.open(path)", "store->rename(a, b)", "Spool::open(path)",
                     "std::filesystem::path p", "// ::open(p)", 'say("fsync(x)")'):
            self.assert_clean(rule, "agent/primary/a.cpp", f"void f() {{ {call}\n; }}\n")

    def test_time_and_chance_come_in_by_interfaces(self):
        for call in ("std::chrono::steady_clock::now()", "std::random_device r",
                     "std::this_thread::sleep_for(x)", "getrandom(p, 1, 0)"):
            self.assert_found("time-and-chance", "agent/primary/a.cpp", f"void f() {{ {call}; }}\n")
            self.assert_clean("time-and-chance", "agent/runtime/a.cpp", f"void f() {{ {call}; }}\n")
        self.assert_clean("time-and-chance", "agent/primary/a.cpp", "void f() { clock.now(); }\n")

    def test_coroutines_threads_and_processes_have_owners(self):
        self.assert_found("coroutines", "agent/primary/a.cpp", "void f() { co_spawn(c, g()); }")
        self.assert_found("threads", "agent/primary/a.cpp", "std::thread t;")
        self.assert_clean("threads", "agent/primary/a.cpp", "std::thread::id t;")
        self.assert_found("processes", "storage/a/a.cpp", "void f() { fork(); }")

    def test_assertions_stay_on(self):
        self.assert_found("cassert", "protocol/a.cpp", "#include <cassert>\n")

    def test_storage_is_silent(self):
        self.assert_found("speech", "storage/a/a.cpp", 'void f() { std::cerr << "x"; }')
        self.assert_clean("speech", "agent/commands/a.cpp", 'void f() { std::cerr << "x"; }')

    def test_names(self):
        for name in ("utils.cpp", "string_util.cpp", "common.hpp", "lane_manager.cpp", "Lane.cpp",
                     "snapshot_list.cpp"):
            self.assert_found("file-names", "protocol/" + name, "")
        self.assert_clean("file-names", "protocol/utility_of_marks.cpp", "")

    def test_vocabulary(self):
        for text in ("int sync_point;", "void send_ack();", "struct MarkAck;", "int master;"):
            self.assert_found("vocabulary", "protocol/a.cpp", text)
        for text in ("int pack;", "int back_off;", "void acknowledge_gap();", "// an ack"):
            self.assert_clean("vocabulary", "protocol/a.cpp", text)

    def test_nothing_unfinished_and_no_machine(self):
        self.assert_found("unfinished", "protocol/a.cpp", "// TO" "DO: later\n")
        self.assert_found("machine-names", "protocol/a.cpp", "// see /" + "work/shared\n")
        self.assert_found("machine-names", "README.md", "http://deb." + "deb" + "ian.org/x\n")
        self.assert_clean("machine-names", "README.md", "DIR/" + "work/state and ${X}/" + "work\n")

    def test_folders_have_signs(self):
        rule = "folder-readmes"
        self.assert_found(rule, "protocol/a.hpp", "")
        with House({"protocol/a.hpp": "", "protocol/README.md": "`a.hpp`: a\n"}) as house:
            self.assertEqual(house.findings(rule), [])
        with House({"protocol/a.hpp": "", "protocol/README.md": "`b.hpp`\n"}) as house:
            self.assertEqual(len(house.findings(rule)), 2)

    def test_links_lead_somewhere(self):
        self.assert_found("document-links", "README.md", "see [it](protocol/GONE.md)\n")
        self.assert_clean("document-links", "README.md", "[me](README.md#a) [x](https://x.y/z)\n")

    def test_stateful_classes_say_their_invariants(self):
        listing = {"tests/tidy/stateful.txt": "agent/a/a.hpp\nagent/a/gone.hpp\n"}
        with House({"agent/a/a.hpp": "// Invariants: x\n", **listing}) as house:
            self.assertEqual([f.path for f in house.findings("stateful-classes")],
                             ["tests/tidy/stateful.txt"])

    def test_tests_mirror_the_tree(self):
        self.assert_found("tests-mirror", "storage/disk/a.cpp", "")
        with House({"storage/disk/a.cpp": "", "tests/storage/disk/a_test.cpp": ""}) as house:
            self.assertEqual(house.findings("tests-mirror"), [])

    def test_every_source_is_built(self):
        self.assert_found("tests-registered", "protocol/a.cpp", "")
        with House({"agent/x/y/a.cpp": "", "agent/x/meson.build": "files('y/a.cpp')"}) as house:
            self.assertEqual(house.findings("tests-registered"), [])

    def test_exceptions_need_a_reason_and_a_use(self):
        with House({"protocol/a.hpp": "", tidy.EXCEPTIONS: "pragma-once protocol/* a test\n"}) as h:
            self.assertEqual(h.findings("pragma-once"), [])
        with House({tidy.EXCEPTIONS: "pragma-once protocol/* a test\n"}) as house:
            self.assertIn("excuses nothing", str(house.findings("pragma-once")[0]))
        with House({tidy.EXCEPTIONS: "pragma-once protocol/*\n"}) as house:
            self.assertIn("is not", str(house.findings("pragma-once")[0]))


class Parsing(unittest.TestCase):
    def names(self, text):
        code = source_tree.blank_comments_and_literals(text)
        return [(f.name, f.length) for f in functions.functions_of(code)]

    def test_functions_in_their_many_shapes(self):
        self.assertEqual(
            self.names("namespace a {\nint f(int x) const noexcept {\n  return 1;\n}\n}"),
            [("f", 3)])
        self.assertEqual(self.names("struct A {\n  A() : a_{1}, b_(2) {\n    g();\n  }\n};"),
                         [("A", 3)])
        self.assertEqual(self.names("auto f() -> Result<int> {\n  auto g = [] { return 1; };\n}"),
                         [("f", 3)])
        self.assertEqual(self.names("constexpr std::array x{\n A{1, 2},\n A{2, 3},\n};"), [])
        self.assertEqual(self.names("enum class E : int { a, b };\nstruct S { int x = 1; };"), [])
        self.assertEqual(self.names("class A {\n public:\n  void f() {}\n private:\n};"),
                         [("f", 1)])

    def test_comments_and_literals_are_blanked_in_place(self):
        text = 'int a = 1\'000; // "x {"\nauto b = R"x({\n})x"; char c = \'{\'; /* { */ f("{");\n'
        code = source_tree.blank_comments_and_literals(text)
        self.assertNotIn("{", code)
        self.assertEqual([len(line) for line in code.splitlines()],
                         [len(line) for line in text.splitlines()])


if __name__ == "__main__":
    unittest.main()
