"""`twofold models`: the face models at hand, and bringing another one."""

import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.errors import OptionError, TwofoldError
from twofold.face import cards, weights
from twofold.face.cards import ModelCard
from twofold.face.embedding import open_embedder
from twofold.files import make_folder, replacing, write_bytes

models_app = typer.Typer(
    name="models",
    help="List the face models, or bring another one. Nothing is ever downloaded.",
    no_args_is_help=True,
)


@models_app.command("list")
def list_command(
    long: Annotated[
        bool, typer.Option("--long", help="Licence, source, training data and papers too.")
    ] = False,
) -> None:
    """The models that can be chosen, and whether their weights are here."""
    console = Console()
    found = cards.all_cards()
    if long:
        for card in found.values():
            _describe(console, card)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Role", "Runs on", "Vector", "Licence", "Card", "Weights"):
        table.add_column(heading, overflow="fold")
    for card in found.values():
        table.add_row(
            card.name,
            card.role,
            card.runtime,
            str(card.output.dimension) if card.output else "",
            Text(printable(card.licence)),
            "shipped" if card.shipped else "own",
            _presence(card),
        )
    console.print(table)


def _presence(card: ModelCard) -> str:
    try:
        return "here" if weights.locate(card).is_file() else "missing"
    except TwofoldError:
        return "not installed"


def _describe(console: Console, card: ModelCard) -> None:
    console.rule(Text(card.name))
    for label, value in (
        ("Role", card.role),
        ("Licence", card.licence),
        ("Source", card.source),
        ("Training data", card.training_data),
        ("Threshold", card.threshold_source),
        ("Paper", card.paper),
        ("Weights", f"{card.weights.file} ({_presence(card)})"),
        ("SHA-256", card.weights.sha256),
    ):
        if value:
            say(console, f"{label}: {printable(value)}")


@models_app.command("verify")
def verify_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="All of them when left out.")
    ] = None,
) -> None:
    """Check the weights by their digest and run each embedder once; exit code 1 when one fails."""
    console = Console()
    found = cards.all_cards()
    failed = False
    for name in names or list(found):
        if name not in found:
            raise OptionError(f"no face model {name!r}. Choose one of {', '.join(found)}.")
        try:
            _try_out(found[name])
            say(console, f"{name}: whole, and runs.")
        except TwofoldError as error:
            failed = True
            say(console, f"{name}: {error}")
    if failed:
        raise typer.Exit(1)


def _try_out(card: ModelCard) -> None:
    """Load a model; run an embedder on a grey crop.

    Raises:
        TwofoldError: whatever is wrong with it.
    """
    if card.role == "detector":
        weights.load(card)
        return
    assert card.input is not None
    crop = np.random.default_rng(0).integers(
        0, 256, (card.input.height, card.input.width, 3), dtype=np.uint8
    )
    open_embedder(card).embed(crop)


@models_app.command("add")
def add_command(
    card: Annotated[
        Path, typer.Argument(metavar="CARD", help="A model card (.toml), its weights beside it.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of an own card of that name.")
    ] = False,
) -> None:
    """Check a card and its weights, run the model once, and copy both to your folder of models."""
    console = Console()
    new = cards.read_card(card)
    if new.role != "embedder" or new.runtime != "onnx":
        raise OptionError(
            f"{card}: only embedders that run on ONNX Runtime can be added. Set role = "
            '"embedder" and runtime = "onnx".'
        )
    if new.name in cards.shipped_cards():
        raise OptionError(f"{card}: the name {new.name} is a shipped model's. Choose another name.")
    if new.name in cards.user_cards() and not replace:
        raise OptionError(
            f"{card}: there is a model {new.name} already. Add --replace to replace it."
        )
    if new.weights.distribution is None and Path(new.weights.file).name != new.weights.file:
        raise OptionError(f"{card}: weights.file must name a file beside the card.")
    _try_out(new)
    folder = make_folder(cards.models_folder())
    content = card.read_bytes()
    if new.weights.distribution is None:
        source = weights.locate(new)
        # The card's name in front: two cards may both call their weights model.onnx.
        kept = f"{new.name}-{source.name.removeprefix(f'{new.name}-')}"
        with replacing(folder / kept) as temporary:
            shutil.copyfile(source, temporary)
        content = _with_file(content, new.weights.file, kept)
    write_bytes(folder / f"{new.name}.toml", content)
    say(console, f"Added {new.name} to {folder}.")


def _with_file(content: bytes, old: str, new: str) -> bytes:
    """The card's text with another name of the weights, the rest kept with its comments."""
    lines = content.decode().splitlines(keepends=True)
    for number, line in enumerate(lines):
        key, equals, value = line.partition("=")
        if equals and key.strip() == "file" and old in value:
            lines[number] = line.replace(old, new)
    return "".join(lines).encode()


@models_app.command("remove")
def remove_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of an own model.")],
) -> None:
    """Delete one of your own cards with its weights; shipped models stay."""
    if name in cards.shipped_cards():
        raise OptionError(f"{name} is a shipped model and stays. Only own models can be removed.")
    own = cards.user_cards()
    if name not in own:
        raise OptionError(f"no own model {name!r} in {cards.models_folder()}.")
    card = own[name]
    if card.weights.distribution is None:
        weights.locate(card).unlink(missing_ok=True)
    for path in cards.models_folder().glob("*.toml"):
        if cards.read_card(path).name == name:
            path.unlink()
    say(Console(), f"Removed {name}.")
