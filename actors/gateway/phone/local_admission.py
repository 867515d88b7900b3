"""Who may call as long as nothing is configured: this machine, as everywhere in the gateway."""

from __future__ import annotations

from actors.gateway.access.addresses import is_loopback
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.phone.context import CallContext, CallDirection, Knock
from actors.gateway.phone.dialect import CallStarted


class LocalAdmission:
    """Takes calls from this machine, without a word of what they are for."""

    async def check(self, knock: Knock) -> None:
        """Let in who connects from this machine."""
        if not is_loopback(knock.address):
            raise AccessDeniedError(
                Denial.NO_KEY, "telephones are not configured: only this machine may call"
            )

    async def admit(self, knock: Knock, started: CallStarted) -> CallContext:
        """Return what the line says itself."""
        del knock
        directions = [each for each in CallDirection if each.value == started.direction]
        return CallContext(
            direction=directions[0] if directions else None,
            caller=started.caller,
            called=started.called,
            parameters=started.parameters,
        )


class NoControl:
    """Nothing is asked of any provider."""

    def hangs_up(self, provider: str) -> bool:
        """Not."""
        del provider
        return False

    def transfers(self, provider: str) -> bool:
        """Not."""
        del provider
        return False

    async def hang_up(self, provider: str, call_id: str) -> None:
        """Never asked."""

    async def transfer(self, provider: str, call_id: str, number: str) -> None:
        """Never asked."""
