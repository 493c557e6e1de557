"""Trees to replicate: the same names and bytes for the same seed."""

import os
import random

FILES_IN_A_FOLDER = 100


def small_files(root, count, seed, low=1024, high=16384, size_is_fixed=None):
    """`count` files of low to high bytes, a hundred in a folder; half of each compresses."""
    generator = random.Random(seed)
    pool = generator.randbytes(1 << 20)
    text = (b"2026-11-25T19:08:12.345Z INFO request served in 12 ms, 200 OK, 5120 bytes\n" * 512)
    for number in range(count):
        folder = os.path.join(root, "d%04d" % (number // FILES_IN_A_FOLDER))
        if number % FILES_IN_A_FOLDER == 0:
            os.makedirs(folder, exist_ok=True)
        size = generator.randint(low, high) if size_is_fixed is None else size_is_fixed
        begin = generator.randrange(len(pool) - high)
        half = size // 2
        content = pool[begin:begin + half] + text[:size - half - 8] + number.to_bytes(8, "big")
        with open(os.path.join(folder, "f%07d" % number), "wb") as file:
            file.write(content[-size:] if size else b"")


def many_entries(root, count, seed):
    """`count` nearly empty files, for sweeps and idle watching: a hundred in each folder."""
    del seed
    for number in range(count):
        folder = os.path.join(root, "d%05d" % (number // FILES_IN_A_FOLDER))
        if number % FILES_IN_A_FOLDER == 0:
            os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "f%07d" % number), "wb") as file:
            file.write(b"%d\n" % number)


def kept(workspace, maker, count, seed):
    """The tree of this maker, made once in the workspace and used by all rows and rounds."""
    root = os.path.join(workspace, "%s-%d-%d" % (maker.__name__, count, seed))
    done = root + ".done"
    if not os.path.exists(done):
        os.makedirs(root, exist_ok=True)
        maker(root, count, seed)
        os.sync()
        with open(done, "w", encoding="ascii"):
            pass
    return root
