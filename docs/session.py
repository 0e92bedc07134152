"""Records the picture of README: what demo.sh prints at a terminal, as an SVG.

Run it by `make session`. What differs from run to run is replaced: times and identifiers.
"""

import os
import pty
import re
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).parent
PICTURE = HERE / "session.svg"
COLUMNS = 72  # a longer line breaks as at a terminal of this width, and a phone shows it legibly
TITLE = "change the models, run two commands"
#: Identifiers of revisions, and the moments in the names of their files, in their order.
FILES, REVISIONS = r"\d{4}(?:_\d\d){2}_\d{6}", r"(?<![0-9a-z])[0-9a-f]{12}(?![0-9a-z])"
IDENTIFIERS = ["3f1c9a2b7d4e", "8d5e0c6f1a2b"]
MOMENTS = ["2026_11_24_101500", "2026_11_24_101502"]
#: Dark, whatever the page is: background, text, and the eight colours of ANSI.
THEME = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        (72, 79, 88),
        (255, 123, 114),
        (126, 231, 135),
        (242, 204, 96),
        (121, 192, 255),
        (210, 168, 255),
        (118, 227, 234),
        (230, 237, 243),
    ],
)
#: The frame of rich, without its fonts, which a picture in a page cannot load.
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" class="rich-terminal" viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def record(folder: Path) -> str:
    """Run demo.sh in `folder` at a terminal; return what it shows. Raises OSError if it fails."""
    child, terminal = pty.fork()
    if child == 0:
        environment = {**os.environ, "TERM": "xterm-256color"}
        environment.pop("NO_COLOR", None)
        os.execve(HERE.parent / "demo.sh", ["demo.sh", str(folder)], environment)
    said = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the end of a terminal, on Linux
            break
        if not part:
            break
        said += part
    text = said.decode().replace("\r\n", "\n")
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError(f"demo.sh failed:\n{text}")
    return text.replace(f"{folder.resolve()}/shop/", "")


def normal(shown: str) -> str:
    """Return the session without what comes before its first command and what differs each time."""
    _, _, session = re.sub(r"[^\n]*\r\x1b\[K", "", shown).partition("\n$ ")  # erased lines
    for pattern, fixed in (FILES, MOMENTS), (REVISIONS, IDENTIFIERS):
        for found, name in zip(dict.fromkeys(re.findall(pattern, session)), fixed, strict=True):
            session = session.replace(found, name)
    return re.sub(r"\d+\.\d s\b", "0.1 s", f"$ {session}")


def draw(session: str) -> str:
    """Return the session as an SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), color_system="truecolor")
    for line in session.strip().splitlines():
        text = Text.from_ansi(line)
        if line.startswith("$ "):
            text.stylize("bold cyan")
        for part in text.divide(range(COLUMNS, len(text), COLUMNS)) or [text]:
            console.print(part)
    return console.export_svg(
        title=TITLE,
        theme=THEME,
        code_format=FORMAT.replace("{title}", TITLE),
        unique_id="session",
        font_aspect_ratio=0.61,
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PICTURE.write_text(draw(normal(record(Path(folder)))))
