"""For whom a call is: a table of businesses, found by the number that was called."""

from __future__ import annotations

from collections.abc import Mapping

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.phone.context import CallContext, CallDirection, OnFailure
from actors.gateway.phone.doors.business_options import BusinessOptions, number_key

MOST_LISTED = 10
"""Ids of businesses named in an error."""


class Businesses:
    """All businesses.

    Args:
        table: By id.
        default: Id of the one that has all other calls; empty: they are refused. With no business
            at all, all calls are served as the backends' options say.
    """

    def __init__(self, table: Mapping[str, BusinessOptions], default: str) -> None:
        self._table = table
        self._default = default
        self._by_number: dict[str, str] = {}
        for name, business in table.items():
            for number in business.numbers:
                self._by_number.setdefault(number_key(number), name)

    def options(self, name: str) -> BusinessOptions:
        """Return the options of a business."""
        return self._table.get(name, BusinessOptions())

    def find(self, named: str, ours: str) -> str:
        """Return the id of the business that a call is for.

        Args:
            named: What the webhook, the exchange or the order says; empty if it says nothing.
            ours: Which of our numbers is in the call; empty if it is not known.

        Raises:
            AccessDeniedError: there is none such.
        """
        if named:
            if named in self._table or not self._table:
                return named
            raise AccessDeniedError(
                Denial.BUSINESS_UNKNOWN,
                f"there is no business {named!r} in phone.businesses: there are {self._listed()}",
            )
        found = self._by_number.get(number_key(ours)) if ours else None
        if found is not None:
            return found
        if self._default or not self._table:
            return self._default
        raise AccessDeniedError(
            Denial.BUSINESS_UNKNOWN,
            f"the number {ours or '(not said)'} is of no business: add it to `numbers` of one in "
            "phone.businesses, or set phone.default_business",
        )

    def context(
        self,
        name: str,
        *,
        direction: CallDirection | None = None,
        caller: str = "",
        called: str = "",
        parameters: Mapping[str, str] | None = None,
    ) -> CallContext:
        """Return how a call of a business is served; arguments as of `CallContext`."""
        business = self.options(name)
        return CallContext(
            business=name,
            instruction=business.instruction,
            language=business.language,
            voice=business.voice,
            model=business.model,
            direction=direction,
            caller=caller,
            called=called,
            speaks_first=business.speaks_first,
            parameters=dict(parameters or {}),
            lasts_s=business.lasts_s,
            transfers=business.transfers,
            on_failure=OnFailure(
                transfer_to=business.on_failure.transfer,
                say=business.on_failure.say,
                calls_back=business.on_failure.call_back,
            ),
            record=business.record,
        )

    def _listed(self) -> str:
        names = list(self._table)
        return ", ".join(names[:MOST_LISTED]) + (", ..." if len(names) > MOST_LISTED else "")
