"""The time and the date as people say them, from the rules of a language's table."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from actors.lib.languages.line import Line, line


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeRule(_Table):
    """How a time is said; of several rules the first that fits.

    Attributes:
        hours: For these hours, as they are counted in the language; None: for all.
        minutes: For these minutes; None: for all.
        say: `{h}` the hour, `{next}` the one after it, `{m}` the minute, `{mm}` in two digits,
            `{part}` the part of the day.
    """

    say: str
    hours: tuple[int, ...] | None = None
    minutes: tuple[int, ...] | None = None


class TimeWords(_Table):
    """How the time is said.

    Attributes:
        hours: 24; 12: from 1 to 12; 0: from 0 to 11.
        hour_names: Of hours that are not said as their number.
        minute_names: Likewise.
        parts: Name of a part of the day by the hour, of 24, from which on it is that.
        says: The rules.
    """

    hours: int
    says: tuple[TimeRule, ...]
    hour_names: dict[int, str] = {}
    minute_names: dict[int, str] = {}
    parts: dict[int, str] = {}

    def say(self, now: datetime, digits: str) -> Line:
        """Return the time in words."""
        hour, minute = self._count(now.hour), now.minute
        rule = next(
            rule
            for rule in self.says
            if (rule.hours is None or hour in rule.hours)
            and (rule.minutes is None or minute in rule.minutes)
        )
        begun = [name for since, name in sorted(self.parts.items()) if since <= now.hour]
        return line(
            rule.say,
            h=_named(hour, self.hour_names, digits),
            next=_named(self._count((now.hour + 1) % 24), self.hour_names, digits),
            m=_named(minute, self.minute_names, digits),
            mm=f"{minute:02}",
            part=line(begun[-1]) if begun else "",
        )

    def _count(self, hour: int) -> int:
        if self.hours == 24:
            return hour
        return hour % 12 or self.hours


class DateWords(_Table):
    """How a date is said; `says` has `{weekday}`, `{day}`, `{month}`, `{year}`."""

    says: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    days: dict[int, str] = {}

    def say(self, now: datetime, digits: str) -> Line:
        """Return the date in words."""
        return line(
            self.says,
            weekday=line(self.weekdays[now.weekday()]),
            day=_named(now.day, self.days, digits),
            month=line(self.months[now.month - 1]),
            year=number(now.year, digits),
        )


def number(value: int, digits: str) -> Line:
    """Return a number as the language writes it; voices read ASCII digits."""
    plain = str(value)
    return Line(plain.translate(str.maketrans("0123456789", digits)), plain)


def _named(value: int, names: dict[int, str], digits: str) -> Line:
    return line(names[value]) if value in names else number(value, digits)
