"""Drawing on millimetre paper: one data unit of the axes is one millimetre of the page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM_PER_INCH = 25.4
POINTS_PER_MM = 72.0 / MM_PER_INCH
DPI = 254.0  # 10 pixels per millimetre: every grid line falls on a pixel
FORMATS = ("png", "pdf", "svg")


@dataclass(frozen=True)
class Theme:
    """Colours of the paper and the pen."""

    page: str
    minor: str
    major: str
    trace: str
    text: str
    faint: str


THEMES = {
    "paper": Theme("#ffffff", "#f8d6d3", "#e89c96", "#111111", "#111111", "#5f5f5f"),
    "gray": Theme("#ffffff", "#e4e4e4", "#b4b4b4", "#000000", "#000000", "#5f5f5f"),
    "dark": Theme("#15181c", "#262c33", "#414b56", "#7ee2a8", "#eef1f4", "#a7b0ba"),
}


def theme_named(name: str) -> Theme:
    """The theme called `name`; CardiolexError lists the choices."""
    try:
        return THEMES[name]
    except KeyError:
        raise CardiolexError(
            f"theme {name!r} is unknown; choose from {', '.join(THEMES)}"
        ) from None


@dataclass
class Sheet:
    """A page in millimetres, (0, 0) at the lower left; y points up."""

    width: float
    height: float
    theme: Theme
    figure: Figure = field(init=False)
    axes: Axes = field(init=False)

    def __post_init__(self) -> None:
        from matplotlib.figure import Figure

        size = (self.width / MM_PER_INCH, self.height / MM_PER_INCH)
        self.figure = Figure(figsize=size, facecolor=self.theme.page)
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_xlim(0.0, self.width)
        self.axes.set_ylim(0.0, self.height)
        self.axes.set_autoscale_on(False)
        self.axes.set_axis_off()

    def grid(self, x: float, y: float, width: float, height: float) -> None:
        """Millimetre lines, every fifth bold; `x`, `y` is the lower left corner."""
        for step, color, pen, z in (
            (1, self.theme.minor, 0.10, 0.0),
            (5, self.theme.major, 0.16, 0.1),
        ):
            lines = _grid_lines(x, y, width, height, step)
            self._lines(lines, color, pen, z, f"grid-{step}mm")

    def _lines(
        self, lines: NDArray[np.float64], color: str, pen: float, z: float, name: str
    ) -> None:
        from matplotlib.collections import LineCollection

        collection = LineCollection(
            list(lines), colors=color, linewidths=pen * POINTS_PER_MM, antialiaseds=False, zorder=z
        )
        collection.set_gid(name)
        self.axes.add_collection(collection, autolim=False)

    def pen(
        self, x: NDArray[np.float64], y: NDArray[np.float64], name: str, width: float = 0.28
    ) -> None:
        """Draw a trace through points in mm, broken at NaN; `name` becomes the artist's gid."""
        (line,) = self.axes.plot(
            x,
            y,
            color=self.theme.trace,
            linewidth=width * POINTS_PER_MM,
            solid_joinstyle="round",
            solid_capstyle="round",
            zorder=3,
        )
        line.set_gid(name)

    def marks(self, x: NDArray[np.float64], y: NDArray[np.float64], marker: str) -> None:
        """Small markers (matplotlib marker codes) at points in mm."""
        self.axes.plot(x, y, marker, color=self.theme.trace, markersize=3, zorder=4)

    def shade(
        self, x: float, y: float, width: float, height: float, color: str, alpha: float, name: str
    ) -> None:
        """A tinted field over the grid and below the traces; `x`, `y` is its lower left corner."""
        from matplotlib.patches import Rectangle

        tint = Rectangle((x, y), width, height, color=color, alpha=alpha, lw=0, zorder=1)
        tint.set_gid(name)
        self.axes.add_patch(tint)

    def text(self, x: float, y: float, text: str, size: float = 8.5, **style: Any) -> None:
        """Write text at (x, y) mm, literally, with a halo over the grid and below the traces."""
        from matplotlib.patheffects import withStroke

        style.setdefault("color", self.theme.text)
        style.setdefault("va", "baseline")
        written = self.axes.text(x, y, text, fontsize=size, zorder=2, parse_math=False, **style)
        written.set_path_effects([withStroke(linewidth=1.6, foreground=self.theme.page)])


def _grid_lines(x: float, y: float, width: float, height: float, step: int) -> NDArray[np.float64]:
    """Segments (n, 2, 2) of the vertical and horizontal lines `step` mm apart."""
    columns = np.arange(0.0, width + 1e-6, step) + x
    rows = np.arange(0.0, height + 1e-6, step) + y
    vertical = np.empty((len(columns), 2, 2))
    vertical[:, :, 0] = columns[:, None]
    vertical[:, :, 1] = (y, y + height)
    horizontal = np.empty((len(rows), 2, 2))
    horizontal[:, :, 0] = (x, x + width)
    horizontal[:, :, 1] = rows[:, None]
    return np.concatenate([vertical, horizontal])


@contextmanager
def _reproducible() -> Iterator[None]:
    """Settings under which the same figure gives the same bytes."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "cardiolex", "pdf.fonttype": 42}):
        yield


def _metadata(form: str) -> dict[str, str | None]:
    known: dict[str, dict[str, str | None]] = {
        "png": {"Software": "cardiolex"},
        "pdf": {"Creator": "cardiolex", "CreationDate": None},
        "svg": {"Creator": "cardiolex", "Date": None},
    }
    return known[form]


def render(figure: Figure, form: str = "png", *, dpi: float = DPI) -> bytes:
    """The figure as the bytes of a "png", "pdf" or "svg" file; `dpi` counts for PNG."""
    if form not in FORMATS:
        raise CardiolexError(
            f"picture format {form!r} is unknown; choose from {', '.join(FORMATS)}"
        )
    buffer = io.BytesIO()
    with _reproducible():
        figure.savefig(
            buffer, format=form, dpi=dpi, metadata=_metadata(form), facecolor=figure.get_facecolor()
        )
    return buffer.getvalue()


def save(figure: Figure, path: str | Path, *, dpi: float = DPI) -> Path:
    """Write the figure as PNG, PDF or SVG, chosen by the suffix of `path`; whole or not at all."""
    target = Path(path)
    form = target.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise CardiolexError(
            f"cannot write a picture to {target}: its name must end in .png, .pdf or .svg"
        )
    picture = render(figure, form, dpi=dpi)
    with atomic_write(target) as temporary:
        temporary.write_bytes(picture)
    return target
