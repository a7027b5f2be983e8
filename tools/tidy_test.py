#!/usr/bin/env python3
"""Shows tidy.py small trees with one fault each, and sees the fault named."""

import pathlib
import tempfile
import unittest

import tidy

HEADER = "#pragma once\n"
BASE = {
    "src/base/text.h": HEADER,
    "src/base/CMakeLists.txt": "kronborg_library(base FOLDERS LINKS fmt::fmt)\n",
}


def body(lines):
    return "".join(f"  step({n});\n" for n in range(lines))


class TidyTest(unittest.TestCase):
    def found(self, files, base=True):
        """What tidy says of a tree, as "path:line: rule" without what to do."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, content in {**(BASE if base else {}), **files}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
            findings, notes = tidy.check(root)
        self.notes = [": ".join(note.split(": ")[:2]) for note in notes]
        return [": ".join(finding.split(": ")[:2]) for finding in findings]

    def test_a_clean_tree(self):
        self.assertEqual(self.found({"src/base/text.cc": '#include "base/text.h"\n'}), [])

    def test_include_of_a_higher_rank(self):
        files = {"src/sql/open.h": HEADER, "src/base/a.cc": '\n#include "sql/open.h"\n'}
        files["src/base/CMakeLists.txt"] = "kronborg_library(base FOLDERS sql LINKS)\n"
        self.assertEqual(self.found(files), ["src/base/a.cc:2: rank"])

    def test_include_of_an_equal_rank(self):
        files = {"src/sql/open.h": HEADER, "src/http/a.h": HEADER + '#include "sql/open.h"\n'}
        files["src/http/CMakeLists.txt"] = "kronborg_library(http FOLDERS sql LINKS)\n"
        self.assertEqual(self.found(files), ["src/http/a.h:2: rank"])

    def test_folder_without_a_rank(self):
        files = {"src/attic/a.cc": '#include "base/text.h"\n'}
        self.assertEqual(self.found(files), ["src/attic/a.cc:1: rank"])

    def test_include_without_its_folder_or_of_nothing(self):
        files = {"src/base/a.cc": '#include "text.h"\n#include "base/gone.h"\n'}
        self.assertEqual(self.found(files), ["src/base/a.cc:1: include", "src/base/a.cc:2: include"])

    def test_outside_headers(self):
        cases = [
            ("http", "openssl/evp.h", False),
            ("http", "openssl/ssl.h", True),
            ("http", "boost/asio/ssl.hpp", True),
            ("http", "boost/asio.hpp", True),
            ("gate", "boost/asio/steady_timer.hpp", True),
            ("gate", "boost/asio/ssl.hpp", False),
            ("authority", "boost/asio.hpp", False),
            ("identity", "secp256k1_recovery.h", False),
            ("identity", "sodium.h", False),
            ("crypto", "sodium/utils.h", True),
            ("api", "sqlite3.h", False),
            ("sql", "libpq-fe.h", True),
        ]
        for folder, header, allowed in cases:
            with self.subTest(folder=folder, header=header):
                name = f"src/{folder}/a.cc"
                expected = [] if allowed else [f"{name}:1: outside-header"]
                self.assertEqual(self.found({name: f"#include <{header}>\n"}), expected)

    def test_outside_headers_in_tests_across_folders(self):
        self.assertEqual(self.found({"tests/gate/a.cc": "#include <sodium.h>\n"}), [])

    def test_folder_not_declared_to_cmake(self):
        files = {"src/sql/a.cc": '#include "base/text.h"\n'}
        files["src/sql/CMakeLists.txt"] = "kronborg_library(sql FOLDERS LINKS base)\n"
        self.assertEqual(self.found(files), ["src/sql/CMakeLists.txt:1: cmake-folders"])

    def test_folder_declared_to_cmake_for_nothing(self):
        files = {"src/sql/a.cc": "\n", "src/sql/CMakeLists.txt": "\nkronborg_library(sql FOLDERS base)\n"}
        self.assertEqual(self.found(files), ["src/sql/CMakeLists.txt:2: cmake-folders"])

    def test_library_under_another_name(self):
        files = {"src/base/CMakeLists.txt": "kronborg_library(basis FOLDERS LINKS)\n"}
        self.assertEqual(self.found(files), ["src/base/CMakeLists.txt:1: cmake-folders"])

    def test_file_sizes(self):
        self.assertEqual(self.found({"src/base/a.cc": "int a;\n" * 300}), [])
        self.assertEqual(self.notes, ["src: median-size"])
        self.assertEqual(self.found({"src/base/a.cc": "int a;\n" * 301}), [])
        self.assertIn("src/base/a.cc:1: file-size", self.notes)
        for name in ("src/base/a.cc", "tests/a.py", "tests/a.mjs", "dev", "tools/setup.sh"):
            with self.subTest(name=name):
                self.assertEqual(self.found({name: "\n" * 501}), [f"{name}:1: file-size"])

    def test_median_size(self):
        files = {f"src/base/{name}.cc": "int a;\n" * 121 for name in ("a", "b", "c")}
        self.assertEqual(self.found(files), [])
        self.assertEqual(self.notes, ["src: median-size"])

    def test_function_sizes(self):
        heads = [
            "int f(int a) {\n",
            "auto Class::f() const -> Result<int> {\n",
            "Class::Class(int a) : a_{a}, b_(1), c_{} {\n",
            "template <class T>\nvoid f(T (&a)[2], int b = g({1})) noexcept {\n",
            "TEST(Suite, name) {\n",
            "const struct stat* f() {\n",
            "operator bool() const {\n",
        ]
        for head in heads:
            with self.subTest(head=head):
                signature = head.count("\n")
                fits = "\nnamespace n {\n\n" + head + body(69 - signature) + "}\n}\n"
                self.assertEqual(self.found({"src/base/a.cc": fits}), [])
                long = "\nnamespace n {\n\n" + head + body(70 - signature) + "}\n}\n"
                self.assertEqual(self.found({"src/base/a.cc": long}), ["src/base/a.cc:4: function-size"])

    def test_long_things_that_are_not_functions(self):
        wholes = [
            "class Many final : public A<decltype(f())> {\n" + "  int f() { return 1; }\n" * 80 + "};\n",
            "constexpr Row rows[] = {\n" + "  {1, f(2)},\n" * 80 + "};\n",
            "struct Many {\n  explicit Many(int a) : a_{a} {}\n" + "  int a;\n" * 80 + "};\n",
            "enum class Many : int {\n" + "  one,\n" * 80 + "};\n",
            'const char* text = R"(\n' + "{ f() {\n" * 80 + ')";\n',
            "// f() {\n" * 80,
            "void f() { char a = '{'; int b = 1'000; }\n" * 80,
        ]
        for whole in wholes:
            with self.subTest(whole=whole[:40]):
                self.assertEqual(self.found({"src/base/a.cc": "namespace n {\n" + whole + "}\n"}), [])

    def test_method_in_a_class(self):
        content = "class A {\n public:\n  A() = default;\n\n  void f() {\n" + body(70) + "  }\n};\n"
        self.assertEqual(self.found({"src/base/a.cc": content}), ["src/base/a.cc:5: function-size"])

    def test_python_function_sizes(self):
        content = "def f():\n" + "    pass\n" * 70
        self.assertEqual(self.found({"tools/a.py": content}), ["tools/a.py:1: function-size"])

    def test_banned_names(self):
        for suffix in ("Manager", "Helper", "Utils", "Handler", "Processor"):
            with self.subTest(suffix=suffix):
                content = f"\nclass Key{suffix} final {{}};\n// class Old{suffix} is gone\n"
                self.assertEqual(self.found({"src/base/a.cc": content}), ["src/base/a.cc:2: banned-name"])
                name = f"src/base/key_{suffix.lower()}.cc"
                self.assertEqual(self.found({name: "\n"}), [f"{name}:1: banned-name"])
        plural = "using Help" "ers = int;\n"
        self.assertEqual(self.found({"src/base/a.cc": plural}), ["src/base/a.cc:1: banned-name"])
        self.assertEqual(self.found({"src/base/a.cc": "class HandlerTable {};\n"}), [])

    def test_banned_words(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"):
            with self.subTest(word=word):
                self.assertEqual(self.found({"docs/a.md": f"a\n{word}: b\n"}), ["docs/a.md:2: banned-word"])
        self.assertEqual(self.found({"dev": "mktemp a." + "X" * 6 + "\n"}), [])

    def test_machine_paths(self):
        for folder in ("home", "root", "work"):
            with self.subTest(folder=folder):
                found = self.found({"docs/a.md": f"see `/{folder}/me`\n"})
                self.assertEqual(found, ["docs/a.md:1: machine-path"])
                self.assertEqual(self.found({"docs/a.md": f"GET /v1/{folder}/me, ~/{folder}/a\n"}), [])

    def test_carried_data_is_left_alone(self):
        self.assertEqual(self.found({"testdata/vectors/a.json": '"/ro' 'ot/ TO' 'DO"\t \n'}), [])

    def test_pragma_once(self):
        self.assertEqual(self.found({"src/base/a.h": "int a;\n"}), ["src/base/a.h:1: pragma-once"])

    def test_spacing(self):
        self.assertEqual(self.found({"src/base/a.cc": "\tint a;\n"}), ["src/base/a.cc:1: tab"])
        self.assertEqual(self.found({"src/base/a.cc": "int a; \n"}), ["src/base/a.cc:1: trailing-space"])
        self.assertEqual(self.found({"src/base/a.cc": "int a;"}), ["src/base/a.cc:1: last-line"])

    def test_line_length(self):
        line = "// " + "a" * 107 + "\n"
        self.assertEqual(self.found({"src/base/a.cc": line}), [])
        self.assertEqual(self.found({"src/base/a.cc": "/" + line}), ["src/base/a.cc:1: line-length"])
        self.assertEqual(self.found({"src/base/a.cc": "  " + "a" * 200 + "\n"}), [])


if __name__ == "__main__":
    unittest.main()
