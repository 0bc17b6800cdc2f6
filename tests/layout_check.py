#!/usr/bin/env python3
# layout_check.py -- the rules of the tree that a compiler does not check; see --list.
"""Usage: layout_check.py [ROOT] [--build FOLDER] [--list]

Prints `file:line: [rule] what` for every finding and ends with 1 if there is any. Sources
without a test are listed, not counted. --build names a build folder whose libraries are
searched for exported names. A rule whose tool is missing is reported as skipped.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

RULES = {
    "include": "includes point one way: engine <- kernels <- layers <- tools; weights sees engine",
    "first-line": "the first line says `name -- purpose`",
    "size": "a .c file has at most 600 lines, a .cu file 500, a .h file 300, "
            "gdrun.h 600; tables are exempt",
    "function": "a function has at most 100 lines, a CUDA kernel 150",
    "columns": "a line of C or CMake has at most 96 columns, one of Python or shell 120",
    "bytes": "no tab, trailing blank, invisible character, missing final newline, or bad UTF-8",
    "word": "no mark of unfinished work: an issue is the place for it",
    "call": "the library never prints, exits, asserts or copies without a bound",
    "name": "no names that end in _t; test names are unique",
    "symbol": "libgdrun.so exports gd_ names only, its objects gd_ and gdk_ names, and a plugin its entry",
    "code": "error codes are sorted, unique, and listed before they are used",
    "header": "each header compiles alone, as C17 and as C++17",
    "format": "clang-format has nothing to change",
}
LIBRARY = ("engine", "kernels", "layers", "weights")
SEES = {"engine": {"engine"}, "kernels": {"engine", "kernels"}, "weights": {"engine", "weights"},
        "layers": {"engine", "kernels", "layers", "weights"},
        "tools": {"engine", "kernels", "layers", "weights", "tools"}}
C_FILES = (".c", ".h", ".cu", ".cuh")
SCRIPTS = (".py", ".sh", ".cmake")
LINES = {".c": 600, ".cu": 500, ".cuh": 300, ".h": 300}
PUBLIC = ("engine/gdrun.h", 600)  # all that a program sees stands in one header
COLUMNS = {".py": 120, ".sh": 120}  # else 96: what clang-format is told
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffc]")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
# Function name -> files of the library where it is the one place.
BANNED = {"printf": (), "fprintf": (), "vprintf": (), "vfprintf": (), "puts": (), "fputs": (),
          "putchar": (), "perror": (), "exit": (), "_exit": (), "quick_exit": (), "assert": (),
          "abort": ("engine/status.c", "engine/mem.c"), "alloca": (), "setlocale": (),
          "malloc": ("engine/mem.c",), "calloc": ("engine/mem.c",), "realloc": ("engine/mem.c",),
          "free": ("engine/mem.c",), "strdup": (), "aligned_alloc": ("engine/mem.c",)}
UNBOUNDED = {"strcpy", "strcat", "sprintf", "vsprintf", "gets", "stpcpy", "strncpy", "strncat"}
CALL = re.compile(r"(?<![\w.>])(\w+)\s*\(")


class Report:
    def __init__(self):
        self.found, self.notes = [], []

    def add(self, path, line, rule, what):
        self.found.append(f"{path}:{line}: [{rule}] {what}")

    def note(self, text):
        self.notes.append(text)


def list_files(root):
    """Tracked files and new ones that are not ignored; without git, all of them."""
    git = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True, text=True, check=False)
    if git.returncode == 0:
        names = git.stdout.split("\0")
    else:
        names = [os.path.relpath(os.path.join(d, f), root)
                 for d, _, files in os.walk(root) for f in files]
    return sorted(n for n in set(names) if n and os.path.isfile(os.path.join(root, n))
                  and not os.path.islink(os.path.join(root, n)))


def strip(text):
    """C source without comments and without the contents of strings; line breaks stay."""
    def blank(m):
        s = m.group(0)
        if s[0] in "\"'":
            return s[0] * 2
        return " " + "\n" * s.count("\n")
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def is_text(path):
    """Files under the rules; a fuzz corpus is bytes, whatever its names say."""
    if path.startswith("tests/fuzz/corpus/"):
        return False
    return (path.endswith(C_FILES + SCRIPTS + (".def", ".md", ".txt", ".json", ".yml", ".yaml"))
            or "." not in os.path.basename(path).lstrip("."))


def check_bytes(path, raw, report):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        report.add(path, raw[:e.start].count(b"\n") + 1, "bytes", "is not valid UTF-8")
        return None
    for i, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            report.add(path, i, "bytes", "holds a tab")
        if line.rstrip(" \r") != line:
            report.add(path, i, "bytes", "ends in a blank")
        if INVISIBLE.search(line):
            report.add(path, i, "bytes", "holds an invisible character")
        if UNFINISHED.search(line):
            report.add(path, i, "word", f"holds {UNFINISHED.search(line).group(0)}")
    if text and not text.endswith("\n"):
        report.add(path, text.count("\n") + 1, "bytes", "has no final newline")
    return text


def check_first_line(path, text, report):
    name = os.path.basename(path)
    lines = text.split("\n")
    if path.endswith(C_FILES + (".def",)):
        start, at = "/* ", 0
    elif path.endswith(SCRIPTS) or name == "CMakeLists.txt" or lines[0].startswith("#!"):
        start, at = "# ", int(lines[0].startswith("#!"))
    else:
        return
    line = lines[at] if at < len(lines) else ""
    if not re.match(re.escape(f"{start}{name} -- ") + r"\S", line):
        report.add(path, at + 1, "first-line", f"does not begin `{start}{name} -- `")


def check_lengths(path, text, report):
    kind = os.path.splitext(path)[1]
    lines = text.split("\n")
    for i, line in enumerate(lines, 1):
        if len(line) > COLUMNS.get(kind, 96):
            report.add(path, i, "columns", f"has {len(line)} columns")
    if kind not in LINES or path.endswith(("_table.c", "_table.h")):
        return
    limit = PUBLIC[1] if path == PUBLIC[0] else LINES[kind]
    if len(lines) - 1 > limit:
        report.add(path, limit, "size", f"has {len(lines) - 1} lines")
    start = None
    for i, line in enumerate(strip(text).split("\n"), 1):
        # In formatted code a body opens on a line that ends in `{` and closes in column one.
        if line.endswith("{") and (not line[:1].isspace() or start is None):
            head = line
            if not re.match(r"(typedef |static |const )*(struct|enum|union|extern)\b", head) \
                    and not head.endswith("= {"):
                start = i
        if line.startswith("}"):
            limit = 150 if kind in (".cu", ".cuh") else 100
            if start and i - start + 1 > limit:
                report.add(path, start, "function", f"has {i - start + 1} lines")
            start = None


def check_includes(path, text, report):
    top = path.split("/")[0]
    for i, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not m or top not in SEES:
            continue
        if m.group(1).startswith(".") or m.group(1).split("/")[0] not in SEES[top]:
            report.add(path, i, "include", f"{top} does not see {m.group(1)}")


def check_calls(path, text, report):
    top = path.split("/")[0]
    for i, line in enumerate(strip(text).split("\n"), 1):
        for name in CALL.findall(line):
            if top in LIBRARY and name in BANNED and path not in BANNED[name]:
                report.add(path, i, "call", f"calls {name}")
            if top in LIBRARY + ("tools",) and name in UNBOUNDED:
                report.add(path, i, "call", f"calls {name}")
        m = re.search(r"^\s*typedef\b[^;]*\b(\w+_t)\s*;|^\}\s*(\w+_t)\s*;", line)
        if m:
            report.add(path, i, "name", f"defines {m.group(1) or m.group(2)}")


def check_codes(texts, report):
    path = "engine/codes.def"
    if path not in texts:
        return
    known, last = set(), -1
    for i, line in enumerate(texts[path].split("\n"), 1):
        m = re.match(r"GD_CODE\((\d+),", line)
        if not m:
            continue
        code = int(m.group(1))
        if code <= last:
            report.add(path, i, "code", f"{code} stands behind {last}")
        last = code
        known.add(code)
    for name, text in texts.items():
        if not name.endswith(C_FILES) or name.startswith("tests/"):
            continue
        for m in re.finditer(r"gd_fail_code\(\s*[^,()]+,\s*\w+,\s*(\d+)\s*,", text):
            if int(m.group(1)) not in known | {0}:
                report.add(name, text[:m.start()].count("\n") + 1, "code",
                           f"{m.group(1)} is not in {path}")


def check_test_names(files, report):
    """Unique names; and the sources that no test is named after."""
    seen = collections.defaultdict(list)
    for path in files:
        m = re.match(r"tests/(?:.*/)?(\w+)_test\.(c|py|sh)$", path)
        if m:
            seen[m.group(1)].append(path)
    for name, paths in seen.items():
        for path in paths[1:]:
            report.add(path, 1, "name", f"another test is called {name}_test: {paths[0]}")
    bare = [p for p in files if re.match(r"(engine|layers|weights|tools)/.*\.c$", p)
            and not p.endswith(("_table.c", "_cases.c", "_ref.c"))
            and os.path.basename(p)[:-2] not in seen]
    for path in bare:
        report.note(f"no test is named after {path}")


# Library -> names it may export, and what it may be linked to (None: anything).
SYSTEM = r"lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so|ld-linux"
LIBRARIES = {"libgdrun.so": (r"gd_", None), "libgd_inside.a": (r"gdk?_", None),
             "libgdrun_cuda.so": (r"gd_plugin_entry$", SYSTEM + r"|libcudart\.so"),
             "libgdrun_vendor.so": (r"gd_plugin_entry$", None),
             "libgdrun_av.so": (r"gd_av_entry$", None)}


def check_needed(path, library, may, report):
    """A default run on a GPU maps no library of a vendor but the CUDA runtime."""
    out = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"\(NEEDED\)[^\[]*\[([^\]]+)\]", out):
        if not re.match(may, name):
            report.add(library, 0, "symbol", f"needs {name}")
    names = subprocess.run(["nm", "-D", "--undefined-only", path], capture_output=True, text=True,
                           check=True).stdout
    for name in re.findall(r" U (gdk?_\w+)", names):
        report.add(library, 0, "symbol", f"takes {name} from its host")


def check_symbols(build, report):
    """Exported names of shared libraries, and global names of the objects behind ours."""
    for library, (wanted, may) in LIBRARIES.items():
        path = os.path.join(build, library) if build else ""
        if not os.path.exists(path) or not shutil.which("nm"):
            report.note(f"skipped: symbol: no {library} to look into")
            continue
        if may and shutil.which("readelf"):
            check_needed(path, library, may, report)
        flags = ["-D"] if library.endswith(".so") else ["-g"]
        out = subprocess.run(["nm", *flags, "--defined-only", path], capture_output=True,
                             text=True, check=True).stdout
        for line in out.split("\n"):
            field = line.split()
            # Names in the compiler's own space (sanitizers, linker) begin with an underscore.
            if len(field) == 3 and not re.match(wanted + "|_", field[2]):
                report.add(library, 0, "symbol", f"exports {field[2]}")


def run_all(commands):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return list(pool.map(lambda c: subprocess.run(c, capture_output=True, text=True,
                                                      check=False), commands))


def first_error(text):
    for line in text.split("\n"):
        if "error" in line:
            return line
    return text.strip().split("\n")[0]


CUDA = "/usr/local/cuda/include"


def needs_toolkit(root, path, seen=None):
    """Whether a header includes the CUDA toolkit's or cuDNN's, itself or through another of ours."""
    seen = seen if seen is not None else set()
    seen.add(path)
    with open(os.path.join(root, path), encoding="utf-8") as f:
        text = f.read()
    if re.search(r'#\s*include\s*<(cu\w+|nv\w+|library_types)\.h>', text):
        return True
    ours = re.findall(r'#\s*include\s*"([^"]+)"', text)
    return any(needs_toolkit(root, p, seen) for p in ours
               if p not in seen and os.path.isfile(os.path.join(root, p)))


def check_headers(root, files, report):
    headers = [p for p in files if p.endswith(".h") and p.split("/")[0] in SEES]
    if not os.path.isfile(CUDA + "/cuda_runtime_api.h"):
        bare = [p for p in headers if needs_toolkit(root, p)]
        headers = [p for p in headers if p not in bare]
        report.note(f"skipped: header: no CUDA toolkit for {len(bare)} of them")
    for tool, language, standard in (("cc", "c", "c17"), ("c++", "c++", "c++17")):
        if not shutil.which(tool):
            report.note(f"skipped: header: no {tool}")
            continue
        base = [tool, f"-std={standard}", "-x", language, "-fsyntax-only", "-D_GNU_SOURCE",
                "-DGD_REAL_IS_DOUBLE=0", "-I", root, "-I", "/usr/include/stb", "-isystem", CUDA, "-Wall", "-Werror"]
        if language == "c":
            base.append("-Wno-unused-function")
        runs = run_all([base + [os.path.join(root, p)] for p in headers])
        for path, run in zip(headers, runs):
            if run.returncode != 0:
                report.add(path, 1, "header", f"as {standard}: {first_error(run.stderr)}")


def check_format(root, files, report):
    if not shutil.which("clang-format"):
        report.note("skipped: format: no clang-format")
        return
    paths = [os.path.join(root, p) for p in files if p.endswith(C_FILES)]
    run = subprocess.run(["clang-format", "--dry-run", *paths], capture_output=True, text=True,
                         check=False)
    seen = set()
    for m in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error): ", run.stderr, re.M):
        path = os.path.relpath(m.group(1), root)
        if path not in seen:
            report.add(path, m.group(2), "format", "clang-format would change it")
        seen.add(path)


def check(root, build=None):
    report, texts = Report(), {}
    files = list_files(root)
    for path in files:
        with open(os.path.join(root, path), "rb") as f:
            raw = f.read()
        if not is_text(path) or b"\0" in raw:
            continue
        text = check_bytes(path, raw, report)
        if text is None:
            continue
        texts[path] = text
        check_first_line(path, text, report)
        if path.endswith(C_FILES + SCRIPTS):
            check_lengths(path, text, report)
        if path.endswith(C_FILES):
            check_includes(path, text, report)
            check_calls(path, text, report)
    check_codes(texts, report)
    check_test_names(files, report)
    check_symbols(build, report)
    check_headers(root, files, report)
    check_format(root, files, report)
    return report


def main():
    parser = argparse.ArgumentParser(description="checks the layout of the tree")
    parser.add_argument("root", nargs="?", default=".")
    parser.add_argument("--build", help="build folder with libgdrun.so")
    parser.add_argument("--list", action="store_true", help="list the rules")
    args = parser.parse_args()
    if args.list:
        for rule, text in RULES.items():
            print(f"{rule:12}{text}")
        return 0
    report = check(args.root, args.build)
    for line in report.notes + report.found:
        print(line)
    print(f"{len(report.found)} findings, {len(report.notes)} notes")
    return int(bool(report.found))


if __name__ == "__main__":
    sys.exit(main())
