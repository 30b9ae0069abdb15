"""Colours. Meaning is never told by colour alone: a word or a sign stands beside it."""

from __future__ import annotations

from textual.theme import Theme

PALETTES: dict[str, dict[str, str]] = {
    "prm": {
        "ground": "#11151c", "panel": "#171d27", "selection": "#22324a", "text": "#c8d0dc", "muted": "#6f7c8f",
        "faint": "#313b4a", "bright": "#f2f5f9", "accent": "#6cb6ff", "good": "#8ccf7e", "warn": "#e5c07b",
        "bad": "#f07f83", "fact": "#c49bf2",
    },
    "prm-light": {
        "ground": "#fbfbf9", "panel": "#eff1f4", "selection": "#d3e4f8", "text": "#2a3340", "muted": "#66707f",
        "faint": "#cfd5dd", "bright": "#0c1118", "accent": "#0b5cad", "good": "#2c7a2c", "warn": "#8a5a00",
        "bad": "#b3262b", "fact": "#7138b3",
    },
    "prm-contrast": {
        "ground": "#000000", "panel": "#000000", "selection": "#003f8a", "text": "#ffffff", "muted": "#d0d0d0",
        "faint": "#808080", "bright": "#ffffff", "accent": "#7fd1ff", "good": "#7dff7d", "warn": "#ffe14d",
        "bad": "#ff8f8f", "fact": "#e6b8ff",
    },
}  # fmt: skip


def themes() -> list[Theme]:
    """The three themes as Textual takes them; every colour is also a variable, such as $muted."""
    return [
        Theme(
            name=name,
            primary=colours["accent"],
            secondary=colours["fact"],
            accent=colours["accent"],
            warning=colours["warn"],
            error=colours["bad"],
            success=colours["good"],
            foreground=colours["text"],
            background=colours["ground"],
            surface=colours["ground"],
            panel=colours["panel"],
            dark=name != "prm-light",
            variables={
                **colours,
                "scrollbar": colours["faint"],
                "scrollbar-hover": colours["muted"],
                "scrollbar-active": colours["accent"],
                "scrollbar-background": colours["ground"],
                "scrollbar-background-hover": colours["ground"],
                "scrollbar-background-active": colours["ground"],
                "scrollbar-corner-color": colours["ground"],
                "input-cursor-background": colours["accent"],
                "input-cursor-foreground": colours["ground"],
                "input-selection-background": colours["selection"],
                "border": colours["faint"],
                "border-blurred": colours["faint"],
            },
        )
        for name, colours in PALETTES.items()
    ]
