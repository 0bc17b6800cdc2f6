# make_pictures.py -- writes pictures of every kind and the RGB that PIL reads from them.
#
# make_pictures.py DIR: for each case NAME, DIR/NAME is the picture and DIR/NAME.rgb its pixels;
# DIR/list has lines "NAME WIDTH HEIGHT TOLERANCE", or "NAME refused CODE".
import io
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps

out = sys.argv[1]
listing = open(os.path.join(out, "list"), "w")
rng = np.random.default_rng(7)


def scene(w, h, channels=3):
    """Smooth shapes and some noise: something a codec has work with."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    planes = [127 + 90 * np.sin(x / (5 + c) + c) * np.cos(y / (7 - c)) + rng.normal(0, 12, (h, w))
              for c in range(channels)]
    a = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return a[..., 0] if channels == 1 else a


def expect(name, tolerance=0, transpose=False):
    im = Image.open(os.path.join(out, name))
    if transpose:
        im = ImageOps.exif_transpose(im)
    im = im.convert("RGB")
    open(os.path.join(out, name + ".rgb"), "wb").write(im.tobytes())
    listing.write("%s %d %d %d\n" % (name, im.width, im.height, tolerance))


def save(name, im, tolerance=0, transpose=False, **how):
    im.save(os.path.join(out, name), **how)
    expect(name, tolerance, transpose)


def raw(name, data, tolerance=0, transpose=False):
    open(os.path.join(out, name), "wb").write(data)
    expect(name, tolerance, transpose)


def refused(name, data, code):
    open(os.path.join(out, name), "wb").write(data)
    listing.write("%s refused %d\n" % (name, code))


def known(name, data, pixels):
    """Pixels [h, w, 3] that are known without PIL, which refuses the file."""
    open(os.path.join(out, name), "wb").write(data)
    open(os.path.join(out, name + ".rgb"), "wb").write(pixels.astype(np.uint8).tobytes())
    listing.write("%s %d %d 0\n" % (name, pixels.shape[1], pixels.shape[0]))


def jpeg_bytes(im, **how):
    f = io.BytesIO()
    im.save(f, "JPEG", **how)
    return f.getvalue()


def jpegs():
    sizes = [(1, 1), (3, 3), (7, 5), (8, 8), (17, 16), (33, 47), (64, 48), (127, 65)]
    for w, h in sizes:
        im = Image.fromarray(scene(w, h))
        for sub in (0, 1, 2):
            save("j_%d_%dx%d.jpg" % (sub, w, h), im, subsampling=sub, quality=88)
        save("j_prog_%dx%d.jpg" % (w, h), im, progressive=True, quality=80)
        save("j_grey_%dx%d.jpg" % (w, h), Image.fromarray(scene(w, h, 1)), quality=85)
    im = Image.fromarray(scene(70, 50))
    save("j_410.jpg", im, subsampling="4:1:1")
    save("j_opt.jpg", im, optimize=True, quality=30)
    save("j_q1.jpg", im, quality=1)
    save("j_q100.jpg", im, quality=100, subsampling=0)
    save("j_grey_prog.jpg", Image.fromarray(scene(70, 50, 1)), progressive=True)
    cmyk = Image.fromarray(scene(40, 30, 4), "CMYK")
    save("j_cmyk.jpg", cmyk, quality=90)
    save("j_cmyk_prog.jpg", cmyk, quality=70, progressive=True)
    # YCCK: the same coded planes under another transform in Adobe's marker.
    data = bytearray(jpeg_bytes(cmyk, quality=90))
    at = data.find(b"Adobe")
    data[at + 11] = 2
    raw("j_ycck.jpg", bytes(data))
    cut = data.find(b"\xff\xee")
    raw("j_cmyk_bare.jpg", bytes(data[:cut] + data[cut + 2 + 14:]))
    # Restart markers and sampling that PIL does not write come from OpenCV, where it is there.
    try:
        import cv2
        bgr = np.ascontiguousarray(scene(90, 61)[..., ::-1])
        for rst in (1, 3, 7):
            ok, b = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_RST_INTERVAL, rst])
            raw("j_rst%d.jpg" % rst, b.tobytes())
        ok, b = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_RST_INTERVAL, 2,
                                           cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
        raw("j_rst_prog.jpg", b.tobytes())
    except ImportError:
        print("no OpenCV: restart markers are not covered")
    # PIL does not write 4:4:0, but a 4:2:2 picture whose factors are turned is one.
    data = bytearray(jpeg_bytes(Image.fromarray(scene(48, 48)), subsampling=1, quality=90))
    at = data.find(b"\xff\xc0")
    assert data[at + 11] == 0x21
    data[at + 11] = 0x12
    raw("j_440.jpg", bytes(data))
    data[at + 11] = 0x21
    for n in range(1, 9):
        exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([n]) + b"\0\0\0\0\0\0"
        save("j_exif%d.jpg" % n, Image.fromarray(scene(31, 18)), transpose=True, exif=exif)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def pack_rows(a, depth):
    """Rows of samples [h, w, s] as PNG packs them, each with a filter byte of 0 or 1 (Sub)."""
    h, w, s = a.shape
    rows = []
    for y in range(h):
        if depth == 16:
            row = a[y].astype(">u2").tobytes()
        elif depth == 8:
            row = a[y].astype(np.uint8).tobytes()
        else:
            bits = ((a[y].reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
            row = np.packbits(bits.reshape(-1)).tobytes()
        bpp = max(1, s * depth // 8)
        if y % 2:
            r = np.frombuffer(row, np.uint8)
            left = np.concatenate([np.zeros(bpp, np.uint8), r])[:len(r)]
            rows.append(b"\1" + (r - left).astype(np.uint8).tobytes())
        else:
            rows.append(b"\0" + row)
    return b"".join(rows)


def png(a, colour, depth, interlace=False, extra=b"", palette=None, pieces=1):
    h, w, s = a.shape
    assert s == SAMPLES[colour]
    if interlace:
        body = b"".join(pack_rows(a[y0::dy, x0::dx], depth) for x0, y0, dx, dy in ADAM7
                        if a[y0::dy, x0::dx].size)
    else:
        body = pack_rows(a, depth)
    z = zlib.compress(body, 6)
    step = -(-len(z) // pieces)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0,
                                                             int(interlace)))
    if palette is not None:
        data += chunk(b"PLTE", palette)
    data += extra
    for i in range(0, len(z), step):
        data += chunk(b"IDAT", z[i:i + step])
    return data + chunk(b"IEND", b"")


def pngs():
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    for colour, ds in depths.items():
        for depth in ds:
            for w, h in ((1, 1), (2, 3), (9, 7), (33, 20)):
                for lace in (False, True):
                    a = rng.integers(0, 1 << depth, (h, w, SAMPLES[colour]), dtype=np.int64)
                    pal = rng.bytes(3 << depth) if colour == 3 else None
                    name = "p_%d_%d_%dx%d%s.png" % (colour, depth, w, h, "_i" if lace else "")
                    data = png(a, colour, depth, lace, palette=pal, pieces=1 + w % 3)
                    if colour == 0 and depth == 16:
                        refused(name, data, 306)
                    else:
                        raw(name, data)
    a = rng.integers(0, 256, (6, 5, 3))
    raw("p_trns_rgb.png", png(a, 2, 8, extra=chunk(b"tRNS", struct.pack(">HHH", *a[2, 2]))))
    g = rng.integers(0, 16, (6, 5, 1))
    raw("p_trns_grey.png", png(g, 0, 4, extra=chunk(b"tRNS", b"\0\5")))
    raw("p_trns_palette.png", png(g, 3, 4, palette=rng.bytes(48), extra=chunk(b"tRNS", bytes(range(9)))))
    raw("p_trns_palette_i.png", png(g, 3, 4, True, palette=rng.bytes(48), extra=chunk(b"tRNS", b"\0")))
    raw("p_trns_rgb16.png", png(rng.integers(0, 65536, (6, 5, 3)), 2, 16,
                                extra=chunk(b"tRNS", b"\0\1\0\2\0\3")))
    raw("p_suggested_palette.png", png(a, 2, 8, palette=rng.bytes(30)))
    refused("p_palette_short.png", png(g, 3, 4, palette=rng.bytes(3 * int(g.max()))), 304)
    raw("p_palette_just.png", png(g, 3, 4, palette=rng.bytes(3 * (int(g.max()) + 1))))
    exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    raw("p_exif6.png", png(a, 2, 8, extra=chunk(b"eXIf", exif)), transpose=True)
    im = [Image.fromarray(scene(12, 9)) for _ in range(3)]
    save("p_animated.png", im[0], save_all=True, append_images=im[1:])
    bomb = zlib.compress(bytes(50 << 20), 9)
    known("p_bomb_iccp.png", png(a, 2, 8, extra=chunk(b"iCCP", b"p\0\0" + bomb)), a)
    known("p_bomb_ztxt.png", png(a, 2, 8, extra=chunk(b"zTXt", b"Comment\0\0" + bomb)), a)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        save("p_pil_%s.png" % mode, Image.fromarray(scene(40, 31)).convert(mode))
    save("p_huge_w.png", Image.fromarray(scene(65535, 1)))
    save("p_huge_h.png", Image.fromarray(scene(1, 65535)))


def bmps():
    for w, h in ((1, 1), (3, 3), (31, 17)):
        for mode in ("1", "L", "P", "RGB", "RGBA"):
            save("b_%s_%dx%d.bmp" % (mode, w, h), Image.fromarray(scene(w, h)).convert(mode))
    data = open(os.path.join(out, "b_RGB_31x17.bmp"), "rb").read()
    top = data[:22] + struct.pack("<i", -17) + data[26:]
    raw("b_topdown.bmp", top)
    pal = bytearray(rng.bytes(64))
    for i in range(16):
        pal[4 * i + 3] = 0
    for w, h in ((1, 1), (7, 5), (8, 3)):
        row = (w * 4 + 31) // 32 * 4
        px = rng.bytes(row * h)
        head = struct.pack("<2sIHHI", b"BM", 54 + 64 + len(px), 0, 0, 54 + 64)
        head += struct.pack("<IiiHHIIiiII", 40, w, h, 1, 4, 0, len(px), 0, 0, 16, 0)
        raw("b_4bit_%dx%d.bmp" % (w, h), head + bytes(pal) + px)
    px = rng.bytes(31 * 17 * 4)
    for name, masks in (("rgbx", (0xff0000, 0xff00, 0xff)), ("bgrx", (0xff, 0xff00, 0xff0000))):
        head = struct.pack("<2sIHHI", b"BM", 66 + len(px), 0, 0, 66)
        head += struct.pack("<IiiHHIIiiII", 40, 31, 17, 1, 32, 3, len(px), 0, 0, 0, 0)
        try:
            raw("b_masks_%s.bmp" % name, head + struct.pack("<III", *masks) + px)
        except OSError:
            os.remove(os.path.join(out, "b_masks_%s.bmp" % name))
    head = struct.pack("<2sIHHI", b"BM", 54 + 8, 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 16, 0, 8, 0, 0, 0, 0)
    refused("b_16bit.bmp", head + info + rng.bytes(8), 306)
    info = struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 8, 1, 8, 0, 0, 0, 0)
    refused("b_rle.bmp", head + info + rng.bytes(8), 306)
    short = struct.pack("<2sIHHI", b"BM", 54 + 8 + 4, 0, 0, 62)
    short += struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 8, 0, 4, 0, 0, 2, 0)
    refused("b_index.bmp", short + rng.bytes(8) + b"\2\0\0\0", 304)


def tgas():
    for mode in ("L", "RGB", "RGBA", "P"):
        im = Image.fromarray(scene(23, 11)).convert("P" if mode == "P" else mode)
        for rle in (None, "tga_rle"):
            for up in (-1, 1):
                name = "t_%s_%s_%d.tga" % (mode, "rle" if rle else "raw", up)
                save(name, im, compression=rle, orientation=up)
    im = Image.fromarray(np.repeat(scene(9, 8), 6, axis=1))
    save("t_runs.tga", im, compression="tga_rle")
    px = rng.bytes(2 * 6 * 4)
    raw("t_16bit.tga", struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 6, 4, 16, 0x20) + px)
    # The colour map has two entries, the third pixel asks for a third.
    mapped = struct.pack("<BBBHHBHHHHBB", 0, 1, 1, 0, 2, 24, 0, 0, 3, 1, 8, 0x20) + rng.bytes(6)
    refused("t_index.tga", mapped + b"\0\1\2", 304)
    raw("t_map.tga", mapped + b"\0\1\1")
    refused("t_start.tga", mapped[:3] + b"\1" + mapped[4:] + b"\0\1\1", 306)
    refused("t_mirror.tga", struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 2, 1, 24, 0x30)
            + rng.bytes(6), 306)


def pnms():
    for w, h in ((1, 1), (1, 9), (23, 11)):
        save("n_%dx%d.ppm" % (w, h), Image.fromarray(scene(w, h)))
        save("n_%dx%d.pgm" % (w, h), Image.fromarray(scene(w, h, 1)))
    raw("n_comment.ppm", b"P6 # by hand\n# more\n2 \t1\n#x\n255\n" + rng.bytes(6))
    refused("n_maxval.ppm", b"P6 2 1 100\n" + bytes(6), 306)
    refused("n_huge_maxval.pgm", b"P5 2 1 99999\n" + bytes(6), 304)
    refused("n_16.pgm", b"P5 2 1 65535\n" + bytes(4), 306)
    refused("n_text.ppm", b"P3 1 1 255\n1 2 3\n", 306)
    refused("n_bitmap.pbm", b"P4 8 1\n\x55", 306)


def strangers():
    im = Image.fromarray(scene(9, 9))
    for ext in ("gif", "webp", "tiff", "pdf", "jp2", "ico"):
        try:
            im.save(os.path.join(out, "x." + ext))
            listing.write("x.%s refused 302\n" % ext)
        except (KeyError, OSError, ValueError):
            print("PIL does not write", ext)
    refused("x.psd", b"8BPS\0\1" + bytes(40), 302)
    refused("x.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\1\1\1\1", 302)
    refused("x.pic", b"\x53\x80\xf6\x34" + bytes(120), 302)
    refused("x.heic", b"\0\0\0\x18ftypheic" + bytes(40), 302)
    refused("x.avif", b"\0\0\0\x1cftypavif" + bytes(40), 302)
    refused("x_empty.jpg", b"", 301)
    refused("x_text.png", b"this is no picture\n" * 9, 301)
    refused("x_noise.png", bytes([7]) + rng.bytes(500), 301)
    refused("x_lfs.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", 302)
    save("x_is_png.jpg", im, format="PNG")
    save("x_is_jpeg.bmp", im, format="JPEG")


jpegs()
pngs()
bmps()
tgas()
pnms()
strangers()
listing.close()
