"""What names mean to one program, changed while it runs. See standins/names.c."""
import pytest

from hardware import built


class Names:
    """`environment` is what a program has to be started with; `set` says what names are from now on."""

    def __init__(self, folder):
        self.path = folder / "names"
        self.known = {}
        self.set()
        self.environment = {"LD_PRELOAD": str(built("names", folder, "-ldl")), "LINTEL_NAMES": str(self.path)}

    def set(self, **names):
        """An address, "unknown" or "silent"; dots are written as __."""
        self.known.update({name.replace("__", "."): what for name, what in names.items()})
        fresh = self.path.with_suffix(".new")
        fresh.write_text("".join(f"{name} {what}\n" for name, what in self.known.items()))
        fresh.rename(self.path)


@pytest.fixture
def names(tmp_path):
    return Names(tmp_path)
