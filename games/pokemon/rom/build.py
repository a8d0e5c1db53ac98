"""Build the ROM from the C sources beside this file: python games/pokemon/rom/build.py [FILE].

Needs Debian's gcc-arm-none-eabi. Without FILE the ROM that the package ships is written anew, with its SHA-256.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "src/playhead_pokemon/rom/lantern-vale.gba"
COMPILER = "arm-none-eabi-gcc"
FLAGS = (
    "-mcpu=arm7tdmi", "-mthumb", "-mthumb-interwork", "-Os", "-std=c11", "-ffreestanding", "-fno-builtin",
    "-fno-tree-loop-distribute-patterns", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-nostartfiles",
    "-fno-ident", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments",
)  # fmt: skip
CHECKED, CHECKSUM = slice(0xA0, 0xBD), 0xBD  # of the header


def version() -> str:
    """Return the compiler's version, by which the bytes it makes are the same."""
    told = subprocess.run([COMPILER, "-dumpfullversion"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def build() -> bytes:
    """Return the ROM."""
    sources = [HERE / "crt0.s", *sorted(HERE.glob("*.c"))]
    with tempfile.TemporaryDirectory() as folder:
        elf, raw = Path(folder) / "rom.elf", Path(folder) / "rom.bin"
        script = ["-T", str(HERE / "rom.ld")]
        subprocess.run([COMPILER, *FLAGS, *script, "-o", elf, *sources, "-lgcc"], check=True)
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, raw], check=True)
        rom = bytearray(raw.read_bytes())
    rom[CHECKSUM] = -(0x19 + sum(rom[CHECKED])) & 0xFF
    rom.extend(bytes(-len(rom) % 1024))
    return bytes(rom)


def main() -> None:
    """Write the ROM, its SHA-256 and the compiler's version."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED
    rom = build()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(rom)
    file.with_suffix(".gba.sha256").write_text(f"{sha256(rom).hexdigest()}  {file.name}\n", encoding="utf-8")
    file.with_suffix(".gba.compiler").write_text(f"{COMPILER} {version()}\n", encoding="utf-8")
    print(f"{file}: {len(rom):,} bytes")


if __name__ == "__main__":
    main()
