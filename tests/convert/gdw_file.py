# gdw_file.py -- an independent reader of .gdw files for the Python tests: only what gdw.h says.
import struct

import numpy as np

TYPES = {1: np.float32, 2: np.float16, 3: np.int8, 4: np.uint8, 5: np.int32, 6: np.int64}


def crc32c(data):
    table = []
    for i in range(256):
        c = i
        for _ in range(8):
            c = (c >> 1) ^ (0x82F63B78 if c & 1 else 0)
        table.append(c)
    c = 0xFFFFFFFF
    for byte in data:
        c = table[(c ^ byte) & 255] ^ (c >> 8)
    return c ^ 0xFFFFFFFF


def read(path):
    """(metadata, {name: array}) of a file whose head is checked."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"\x89GDW\r\n\x1a\n"
    (major, _, order, size, header, entry, tensors, pairs, names_size, meta_size, crc,
     zero) = struct.unpack_from("<HHIQIIIIQQII", data, 8)
    assert (major, order, size, zero) == (1, 0x0A0B0C0D, len(data), 0)
    names_at = header + entry * tensors
    meta_at = names_at + names_size
    head = meta_at + meta_size
    assert crc32c(data[:56] + bytes(4) + data[60:head]) == crc
    out, meta, end = {}, {}, head
    for i in range(tensors):
        at, nbytes, _, name_at, name_len, kind, ndim, *dims = struct.unpack_from(
            "<QQQIHBB8Q", data, header + entry * i)
        name = data[names_at + name_at:names_at + name_at + name_len].decode()
        assert at == (end + 63) // 64 * 64 and not any(data[end:at])
        assert not out or name > max(out)
        end = at + nbytes
        out[name] = np.frombuffer(data, TYPES[kind], nbytes // np.dtype(TYPES[kind]).itemsize,
                                  at).reshape(dims[:ndim])
    assert end == len(data)
    p = meta_at
    for _ in range(pairs):
        k, v = struct.unpack_from("<II", data, p)
        meta[data[p + 8:p + 8 + k].decode()] = data[p + 8 + k:p + 8 + k + v].decode()
        p += 8 + k + v
    assert p == head
    return meta, out
