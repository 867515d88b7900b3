"""What `call` takes on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

ORDERED = ("say", "keys", "after", "while_answering")
"""Options of which the order counts: what is done on the telephone, one after the other."""
ORDER = "greenroom.order"
"""Where the command finds their order."""


class InOrder(TyperCommand):
    """A command that knows in which order its options were given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse them as any command does, and note their order."""
        given = list(args)
        rest = super().parse_args(ctx, args)
        _, _, order = self.make_parser(ctx).parse_args(args=given)
        ctx.meta[ORDER] = [each.name for each in order if each.name in ORDERED]
        return rest


ProtocolOption = Annotated[
    str | None,
    typer.Option(help="Provider, such as twilio; default: the one that the URL's path names."),
]
SayOption = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Say it, once the answer before is over. May be repeated."),
]
KeysOption = Annotated[
    list[str] | None, typer.Option(metavar="12#", help="Press these keys, likewise.")
]
AfterOption = Annotated[
    list[float] | None,
    typer.Option(
        metavar="SECONDS", min=0, max=3600, help="Silence before the next --say or --keys."
    ),
]
WhileOption = Annotated[
    int,
    typer.Option(
        "--while-answering",
        count=True,
        help="Say what is before it into the answer, as long after its begin as --after says.",
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="WAV", help="Write what is heard.")
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE", help="As a webhook or a dialplan gives it, such as business=b42."
    ),
]
FromOption = Annotated[str, typer.Option("--from", metavar="NUMBER", help="Who calls.")]
ToOption = Annotated[str, typer.Option("--to", metavar="NUMBER", help="Who is called.")]
CallIdOption = Annotated[
    str | None, typer.Option(metavar="ID", help="The provider's name of the call.")
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        metavar="SECRET",
        help="What the provider signs with, or shows; USER:PASSWORD where that is Basic.",
        envvar="GREENROOM_CALL_TOKEN",
    ),
]
PublicOption = Annotated[
    str | None,
    typer.Option(
        "--public-url", metavar="URL", help="What is signed, if the server is called by another."
    ),
]
HeaderOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME:VALUE", help="One more of the handshake.")
]
RateOption = Annotated[
    int | None, typer.Option(metavar="HZ", min=1, help="Of the line; default: the provider's.")
]
JitterOption = Annotated[
    float, typer.Option(metavar="MS", min=0, max=10_000, help="Messages come up to so much later.")
]
LossOption = Annotated[
    float, typer.Option(metavar="PART", help="Part of what is said that is lost, such as 0.02.")
]
ReorderOption = Annotated[float, typer.Option(metavar="PART", help="Part that is overtaken.")]
SeedOption = Annotated[int, typer.Option(help="Of loss, jitter and order.")]
LongestOption = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", min=0, help="Hang up so long after the begin, come what may."),
]
SilenceOption = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", min=0, max=3600, help="Hang up after so much silence at the end."
    ),
]
PatienceOption = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, max=3600, help="How long an answer is awaited.")
]
MachineOption = Annotated[bool, typer.Option("--machine", help="Print lines of JSON.")]


def call(
    ctx: typer.Context,
    url: Annotated[
        str,
        typer.Argument(help="Of a socket, such as ws://127.0.0.1:3000/phone/twilio, or webhook."),
    ],
    protocol: ProtocolOption = None,
    say: SayOption = None,
    keys: KeysOption = None,
    after: AfterOption = None,
    while_answering: WhileOption = 0,
    out: OutOption = None,
    parameter: ParameterOption = None,
    from_: FromOption = "+15550100",
    to: ToOption = "+15550199",
    call_id: CallIdOption = None,
    auth_token: TokenOption = None,
    public_url: PublicOption = None,
    header: HeaderOption = None,
    rate: RateOption = None,
    jitter_ms: JitterOption = 0.0,
    loss: LossOption = 0.0,
    reorder: ReorderOption = 0.0,
    seed: SeedOption = 0,
    hang_up_after: LongestOption = None,
    silence: SilenceOption = 2.0,
    patience: PatienceOption = 20.0,
    machine: MachineOption = False,
) -> None:
    """Call a server as a provider of telephony does, and say what happens.

    With files it speaks by itself. Without, microphone and speaker are the telephone, keys are
    typed, and Control-C hangs up. It ends with 1 if the real provider would not take something that
    the server sent.
    """
    from actors.cli.calling import WantedCall, call_command
    from actors.cli.calling.bad_network import Weather

    values = {
        "say": [str(each) for each in say or []],
        "keys": list(keys or []),
        "after": [str(each) for each in after or []],
        "while_answering": [""] * while_answering,
    }
    wanted = WantedCall(
        url=url,
        protocol=protocol,
        script=[(name, values[name].pop(0)) for name in ctx.meta[ORDER]],
        parameters=parameter or (),
        caller=from_,
        called=to,
        call_id=call_id,
        auth_token=auth_token,
        public_url=public_url,
        headers=header or (),
        rate_hz=rate,
        weather=Weather(jitter_ms, loss, reorder, seed),
        longest_s=hang_up_after,
    )
    call_command(wanted, out=out, machine=machine, hang_up_s=silence, patience_s=patience)
