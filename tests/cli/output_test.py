# output_test.py -- names and outputs that mean harm: odd file names, inputs as outputs, broken stdout.
import os
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import CLEAN, GDRUN, PICTURES, check, classify, detect, lines, main, many_pictures, run  # noqa: E402


def hostile_names():
    """A2: names are data; messages escape them; outputs stay inside their folder."""
    os.mkdir("names")
    odd = [b"%n%s%p.png", b"-dash.png", b"--model.png", b"new\nline.png", b"\x1b[31mred.png",
           b"\xff\xfe\x80.png", b"quote\"'`$(id).png", "ünïcode €.png".encode(), b" blank .png",
           b"n" * 251 + b".png", b"@at.png", b"*.png", b"a,b.png"]
    for n in odd:
        shutil.copy("tiny.png", os.path.join(b"names", n))
    rc, out, err = classify("names", "--jsonl", "names.jsonl", "-o", "out/", "--csv", "names.csv")
    check(rc == 0 and len(lines(open("names.jsonl").read())) == len(odd) + 2, f"names: {rc} {err}")
    check(len(os.listdir("out")) == len(odd), f"out/ holds {len(os.listdir('out'))} files")
    rc, out, err = classify("names")
    check(rc == 0 and "\x1b" not in out and out.count("classes") == len(odd), "list escapes names")
    check(classify("--", "-dash.png", cwd=os.path.join(os.getcwd(), "names"))[0] == 4, "model is relative")
    rc, out, err = run("classify", "-m", "../cifar.gdw", "--", "-dash.png", "--model.png", cwd="names")
    check(rc == 0 and "-dash.png" in out, f"leading dash: {err}")
    for name in (b"gone\x1b[31m\n%n.png", b"gone\xff\xfe.png", b"x" * 4096, b"/".join([b"d"] * 3000)):
        p = subprocess.run([GDRUN.encode(), b"classify", b"-m", b"cifar.gdw", name], env=CLEAN,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(p.returncode == 3 and b"\x1b" not in p.stderr and b"\xff" not in p.stderr,
              f"missing {name[:20]}: {p.returncode} {p.stderr[:200]}")


def outputs():
    """A3: inputs are never overwritten, devices never replaced, links not followed."""
    shutil.copy(PICTURES[1], "in.jpg")
    os.link("in.jpg", "hard.jpg")
    os.symlink("in.jpg", "soft.jpg")
    before = open("in.jpg", "rb").read()
    for target in ("in.jpg", "hard.jpg", "./in.jpg", "soft.jpg"):
        rc, out, err = detect("in.jpg", "-o", target, "-y")
        check(rc == 2 and "E208" in err, f"-o {target}: {rc} {err}")
    os.mkdir("same")
    shutil.copy("in.jpg", "same/in.jpg")
    check(detect("same", "-o", "same", "-y")[0] == 2, "-o into the folder of the sources")
    check(detect("in.jpg", "--csv", "nano.gdw", "-y")[0] == 2, "output is the model")
    check(open("in.jpg", "rb").read() == before, "the input changed")
    open("old.csv", "w").write("precious")
    rc, out, err = detect("in.jpg", "--csv", "old.csv")
    check(rc == 9 and "-y" in err and open("old.csv").read() == "precious", f"exists: {rc} {err}")
    check(detect("in.jpg", "--csv", "old.csv", "-y")[0] == 0 and "bird" in open("old.csv").read(), "-y")
    open("victim", "w").write("precious")
    os.symlink("victim", "link.csv")
    check(detect("in.jpg", "--csv", "link.csv", "-y")[0] == 9 and
          open("victim").read() == "precious", "a link was followed")
    check(detect("in.jpg", "--csv", "/dev/null")[0] == 0 and
          stat.S_ISCHR(os.stat("/dev/null").st_mode), "/dev/null was replaced")
    os.mkfifo("fifo")
    reader = subprocess.Popen(["cat", "fifo"], stdout=subprocess.PIPE)
    rc, out, err = detect("in.jpg", "--csv", "fifo")
    check(rc == 0 and b"bird" in reader.communicate()[0] and
          stat.S_ISFIFO(os.stat("fifo").st_mode), f"FIFO: {rc} {err}")
    check(not [n for n in os.listdir(".") if n.endswith(".part")], "a .part file was left")


def broken_stdout():
    """A4: full, closed and gone; other outputs are completed."""
    shutil.copy(PICTURES[1], "000000000001.jpg")
    many_pictures("many", 1000)
    for form in ("--jsonl", "--csv", "--json", "--coco"):
        with open("/dev/full", "w") as full:
            rc, out, err = detect("000000000001.jpg", form, "-", stdout=full)
        check(rc == 9 and err.count("error[") == 1, f"{form} to /dev/full: {rc} {err}")
        r, w = os.pipe()
        os.close(r)
        rc, out, err = detect("000000000001.jpg", form, "-", stdout=w)
        os.close(w)
        check(rc == 9 and "error" not in err, f"{form} to a closed pipe: {rc} {err}")
    with open("/dev/full", "w") as full:
        rc, out, err = detect(PICTURES[1], stdout=full)
    check(rc == 9 and err.count("error[") == 1, f"list to /dev/full: {rc} {err}")
    p = subprocess.run(["bash", "-c", f"'{GDRUN}' classify -m cifar.gdw many "
                        "--jsonl - --csv gone.csv | head -2 >/dev/null; exit ${PIPESTATUS[0]}"],
                       stderr=subprocess.PIPE, env=CLEAN)
    check(p.returncode == 9 and b"error" not in p.stderr and os.path.exists("gone.csv"),
          f"reader gone: {p.returncode} {p.stderr}")
    rc = subprocess.run(["bash", "-c", f"'{GDRUN}' detect -m nano.gdw '{PICTURES[1]}' >&-"], env=CLEAN,
                        stderr=subprocess.DEVNULL).returncode
    check(rc == 9, f"closed stdout: {rc}")
    p = subprocess.run(["bash", "-c", f"'{GDRUN}' detect -m nano.gdw - <&-"], env=CLEAN,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    check(p.returncode == 3, f"closed stdin: {p}")


main(hostile_names, outputs, broken_stdout)
