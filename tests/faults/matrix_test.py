# matrix_test.py -- every row of the fault matrix names tests, and each of them exists and runs.
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
# Of T the rows about data sets.
FAMILIES = {"W": 15, "P": 13, "Y": 2, "S": 7, "D": 5, "I": 14, "V": 14, "T": 6, "A": 9}
# Of the rows about GPUs those of one GPU; the others are about training, several, or real ones.
GPU = [f"G{i}" for i in (1, 2, 3, 4, 6, 7, 8, 9, 10, 13, 18, 19)]
BARS = ["R1", "R2", "R3", "R5", "R9", "R10", "R12"]
WANTED = [f"{f}{i + 1}" for f, n in FAMILIES.items() for i in range(n)] + GPU + BARS


def missing(test):
    """What is wrong with FILE:FUNCTION (a C function, a Python function) or FILE.sh; or None."""
    path, _, name = test.partition(":")
    try:
        with open(os.path.join(TESTS, path), encoding="utf-8") as f:
            text = f.read()
    except OSError:
        return "there is no such file"
    if not re.search(r"_test\.(c|py|sh)$", path):
        return "its file is no test"
    if path.endswith(".sh"):
        return "a shell test has no functions" if name else None
    if not name:
        return "it names no function"
    if path.endswith(".c"):
        made = re.search(r"^static void %s\(void \*\*" % name, text, re.M)
        called = re.search(r"cmocka_unit_test(_\w+)?\(\s*%s\b" % name, text)
    else:
        made = re.search(r"^ *def %s\(" % name, text, re.M)
        # unittest finds its own; elsewhere something must call or list the function.
        called = "unittest.main" in text and name.startswith("test_") or \
            len(re.findall(r"\b%s\b" % name, re.sub(r"(?m)#.*$", "", text))) > 1
    return None if made and called else "it is not defined" if not made else "nothing runs it"


def problems(text):
    rows, wrong = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        row, *tests = line.split()
        if row in rows:
            wrong.append(f"line {number}: {row} stands twice")
        if row not in WANTED:
            wrong.append(f"line {number}: {row} is no row")
        if not tests:
            wrong.append(f"line {number}: {row} has no test")
        rows[row] = tests
        wrong += [f"line {number}: {row}: {t}: {missing(t)}" for t in tests if missing(t)]
    return wrong + [f"{row} is not listed" for row in WANTED if row not in rows]


with open(os.path.join(HERE, "matrix.txt"), encoding="utf-8") as f:
    matrix = f.read()
found = problems(matrix)
# The checker itself: each kind of damage is seen.
for old, new in (("W1 ", "W99 "), ("sniff_test.c:named", "sniff_test.c:unnamed"),
                 ("gdw_test.c", "gone_test.c"), ("inert_test.sh", "inert_test.sh:main"),
                 ("\nD2 ", "\nD1 "), (":test_hostile", ""), ("cli/failing_test.py", "cli/gd_cli.py")):
    if len(problems(matrix.replace(old, new, 1))) <= len(found):
        found.append(f"'{new}' in place of '{old}' is not noticed")
for p in found:
    print("FAILED:", p)
print(f"{len(WANTED)} rows, {len(found)} problems")
sys.exit(1 if found else 0)
