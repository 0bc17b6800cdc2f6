# op_example_test.py -- CONTRIBUTING.md's example operator is built from the page and must pass.
"""One folder and one line, as the page says: the three listings are written to a copy of the tree,
op_check is built there and checks the new operator. A wrong gradient must then be caught."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ.get("GD_ROOT", os.getcwd())


def main():
    page = open(os.path.join(ROOT, "CONTRIBUTING.md"), encoding="utf-8").read()
    listings = re.findall(r"```c\n(.*?)```", page, re.S)
    files = {}
    for text in listings:
        text = re.sub(r"^   ", "", text, flags=re.M)
        files[re.match(r"/\* (\S+)", text).group(1)] = text
    assert set(files) == {"square.c", "square_ref.c", "square_cases.c"}, files.keys()
    with tempfile.TemporaryDirectory(prefix="gdrun-example-") as work:
        tree = os.path.join(work, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build", "build-*", ".git", ".carry"))
        os.mkdir(os.path.join(tree, "kernels/square"))
        for name, text in files.items():
            with open(os.path.join(tree, "kernels/square", name), "w", encoding="utf-8") as f:
                f.write(text)
        with open(os.path.join(tree, "kernels/ops.def"), "a", encoding="utf-8") as f:
            f.write("GD_OP(square)\n")
        build = os.path.join(tree, "build/example")
        # With ccache the objects of the build without oneDNN, made alike, serve here too.
        cached = shutil.which("ccache")
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if cached else []
        os.environ.update(CCACHE_BASEDIR=tree, CCACHE_NOHASHDIR="1")
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run(["cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DGD_ONEDNN=OFF",
                        "-DGD_CUDA=OFF", "-DGD_WERROR=ON",
                        "-DCMAKE_BUILD_TYPE=" + ("Release" if cached else "Debug"), *launcher], check=True, **quiet)
        make = ["cmake", "--build", build, "--target", "op_check"]
        subprocess.run(make, check=True, **quiet)
        check = [os.path.join(build, "op_check"), "--op", "square"]
        good = subprocess.run(check, stdout=subprocess.PIPE, text=True)
        print(good.stdout.strip().splitlines()[-1])
        path = os.path.join(tree, "kernels/square/square.c")
        with open(path, "w", encoding="utf-8") as f:
            f.write(files["square.c"].replace('"add", NULL, 2, twice', '"mul", NULL, 2, twice'))
        subprocess.run(make, check=True, **quiet)
        bad = subprocess.run(check, stdout=subprocess.PIPE, text=True)
        print("with a wrong gradient:", bad.stdout.strip().splitlines()[-1])
        sys.exit(0 if good.returncode == 0 and bad.returncode != 0 else 1)


if __name__ == "__main__":
    main()
