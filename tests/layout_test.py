# layout_test.py -- the tree follows its rules, and layout_check.py finds what breaks them.
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import layout_check  # noqa: E402

HEADER = "/* {0} -- a header.\n * */\n#ifndef {1}\n#define {1}\n{2}\n#endif\n"
BODY = "/* {0} -- a source. */\n{1}\n"
LONG_BODY = "void gd_long(void) {\n" + "    gd_x();\n" * 100 + "}"

# path -> contents, and the one rule that it breaks.
BAD = {
    "engine/up.c": (BODY.format("up.c", '#include "kernels/x.h"'), "include"),
    "weights/side.c": (BODY.format("side.c", '#include "layers/x.h"'), "include"),
    "kernels/near.c": (BODY.format("near.c", '#include "../engine/x.h"'), "include"),
    "engine/nameless.c": ("/* A file. */\nint gd_x;\n", "first-line"),
    "engine/other.c": ("/* another.c -- moved here. */\nint gd_x;\n", "first-line"),
    "tools/run.sh": ("#!/bin/sh\n# no name\n", "first-line"),
    "CMakeLists.txt": ("project(x)\n", "first-line"),
    "engine/huge.c": (BODY.format("huge.c", "int gd_x;\n" * 599), "size"),
    "engine/huge.h": (HEADER.format("huge.h", "H", "extern int gd_x;\n" * 296), "size"),
    "layers/deep.c": (BODY.format("deep.c", LONG_BODY), "function"),
    "kernels/wide.c": (BODY.format("wide.c", "/* " + "x" * 91 + " */"), "columns"),
    "layers/tab.c": (BODY.format("tab.c", "\tint gd_x;"), "bytes"),
    "layers/blank.c": (BODY.format("blank.c", "int gd_x; "), "bytes"),
    "layers/end.c": ("/* end.c -- a source. */\nint gd_x;", "bytes"),
    "layers/ghost.c": (BODY.format("ghost.c", "/* a\u200bb */"), "bytes"),
    "layers/latin.c": (b"/* latin.c -- caf\xe9. */\n", "bytes"),
    "layers/later.c": (BODY.format("later.c", "/* TO" "DO: more */"), "word"),
    "engine/print.c": (BODY.format("print.c", 'void gd_p(void) { printf("x"); }'), "call"),
    "weights/stop.c": (BODY.format("stop.c", "void gd_s(void) { exit(1); }"), "call"),
    "kernels/heap.c": (BODY.format("heap.c", "void *gd_h(void) { return malloc(1); }"), "call"),
    "tools/copy.c": (BODY.format("copy.c", "void f(void) { strcpy(a, b); }"), "call"),
    "engine/type.c": (BODY.format("type.c", "typedef int gd_x_t;"), "name"),
    "tests/a/same_test.py": ("# same_test.py -- one.\n", None),
    "tests/b/same_test.sh": ("# same_test.sh -- two.\n", "name"),
    "engine/codes.def": ('/* codes.def -- codes. */\nGD_CODE(300, "a", "b")\n'
                         'GD_CODE(200, "a", "b")\n', "code"),
    "engine/fail.c": (BODY.format("fail.c", "int gd_f(void) { return gd_fail_code(e, S, 999, m); }"),
                      "code"),
    "engine/lone.h": (HEADER.format("lone.h", "L", "size_t gd_size(void);"), "header"),
    "engine/cxx.h": (HEADER.format("cxx.h", "X", "extern int new;"), "header"),
    "engine/shape.c": (BODY.format("shape.c", "int  gd_x ;"), "format"),
}
# What the rules must not take for a fault.
GOOD = {
    "engine/good.c": BODY.format("good.c", '/* printf() and exit(1) in words */\n'
                                           'const char *gd_x = "malloc(3)";\nint gd_free(int);\n'
                                           'int *gd_s(const struct s *p) { return p->free(1); }'),
    "engine/good.h": HEADER.format("good.h", "G", "#include <stddef.h>\nsize_t gd_n(void);"),
    "layers/good.c": BODY.format("good.c", '#include "weights/x.h"'),
    "layers/big_table.c": BODY.format("big_table.c", "int gd_x;\n" * 700),
    "tests/any.c": BODY.format("any.c", '#include "tools/x.h"'),
    "tools/start": "#!/bin/sh\n# start -- runs.\n",
    "engine/just.c": BODY.format("just.c", LONG_BODY.replace("    gd_x();\n", "", 2)),
    "README.md": "A long line is fine in prose." * 9 + "\n",
}


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())


def check_bad_examples(root):
    with tempfile.TemporaryDirectory() as top:
        with open(os.path.join(root, ".clang-format"), "rb") as f:
            write(top, ".clang-format", f.read())
        for path, (text, _) in BAD.items():
            write(top, path, text)
        for path, text in GOOD.items():
            write(top, path, text)
        report = layout_check.check(top)
        skipped = " ".join(report.notes)
        found = {}
        for line in report.found:
            path, _, rest = line.split(":", 2)
            found.setdefault(path, set()).add(rest.split("]")[0].strip(" ["))
        for path, (_, rule) in BAD.items():
            if rule and rule not in found.get(path, ()) and f"skipped: {rule}" not in skipped:
                raise SystemExit(f"{path}: rule {rule} found nothing\n{report.found}")
        for path in GOOD:
            if found.get(path, set()) - {"format"}:
                raise SystemExit(f"{path}: wrongly refused: {found[path]}")


def check_bad_symbols():
    """A library that exports a bare name is noticed."""
    with tempfile.TemporaryDirectory() as top:
        write(top, "x.c", "int gd_good(void); int bare(void);\n"
                          "int gd_good(void) { return 1; } int bare(void) { return 2; }\n")
        made = subprocess.run(["cc", "-shared", "-fPIC", "-o", f"{top}/libgdrun.so", f"{top}/x.c"],
                              check=False)
        if made.returncode != 0:
            print("no compiler: exported names are not tested")
            return
        report = layout_check.Report()
        layout_check.check_symbols(top, report)
        assert report.found == ["libgdrun.so:0: [symbol] exports bare"], report.found


def check_bad_plugin():
    """So is a plugin that exports more than its entry, asks its host, or maps a vendor's library."""
    with tempfile.TemporaryDirectory() as top:
        write(top, "blas.c", "int gd_plugin_entry(void); int gd_plugin_entry(void) { return 1; }\n")
        write(top, "x.c", "int gd_plugin_entry(void); int gd_more(void); int gd_host(void);\n"
                          "int gd_plugin_entry(void) { return gd_host(); }\n"
                          "int gd_more(void) { return 2; }\n")
        shared = ["cc", "-shared", "-fPIC", "-o"]
        made = subprocess.run([*shared, f"{top}/libcublas.so.13", "-Wl,-soname,libcublas.so.13",
                               f"{top}/blas.c"], check=False)
        if made.returncode != 0:
            return
        subprocess.run([*shared, f"{top}/libgdrun_cuda.so", f"{top}/x.c", "-Wl,--no-as-needed",
                        f"{top}/libcublas.so.13"], check=True)
        report = layout_check.Report()
        layout_check.check_symbols(top, report)
        assert report.found == [f"libgdrun_cuda.so:0: [symbol] {what}" for what in
                                ("needs libcublas.so.13", "takes gd_host from its host",
                                 "exports gd_more")], report.found


def main():
    root = os.environ.get("GD_ROOT", ".")
    check_bad_examples(root)
    check_bad_symbols()
    check_bad_plugin()
    report = layout_check.check(root, os.environ.get("GD_BUILD"))
    for line in report.notes + report.found:
        print(line)
    print(f"{len(report.found)} findings, {len(report.notes)} notes")
    return int(bool(report.found))


if __name__ == "__main__":
    sys.exit(main())
