"""Whose fault it was."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.gateway.casualties import Inmates, Verdict


@dataclass(eq=False)
class Played:
    turn_began: float | None


def inmates(*began: float | None) -> tuple[Inmates, list[Played]]:
    together, isolates = Inmates(), [Played(each) for each in began]
    for isolate in isolates:
        together.add(isolate)
    return together, isolates


def test_the_only_one_that_ran_is_guilty() -> None:
    together, isolates = inmates(None, 5.0, None)
    verdicts = [together.verdict(isolate) for isolate in isolates]
    assert verdicts == [Verdict.BYSTANDER, Verdict.GUILTY, Verdict.BYSTANDER]


def test_of_several_the_first_is_suspected() -> None:
    together, isolates = inmates(5.0, 4.0, 6.0)
    verdicts = [together.verdict(isolate) for isolate in isolates]
    assert verdicts == [Verdict.BYSTANDER, Verdict.SUSPECT, Verdict.BYSTANDER]


def test_who_was_caught_is_guilty_whoever_began_first() -> None:
    together, isolates = inmates(5.0, 4.0)
    together.convict(isolates[0])
    verdicts = [together.verdict(isolate) for isolate in isolates]
    assert verdicts == [Verdict.GUILTY, Verdict.BYSTANDER]


def test_nobody_is_blamed_for_a_process_that_was_idle() -> None:
    together, isolates = inmates(None, None)
    assert [together.verdict(isolate) for isolate in isolates] == [Verdict.BYSTANDER] * 2


def test_who_has_left_is_not_suspected() -> None:
    together, isolates = inmates(4.0, 5.0)
    together.remove(isolates[0])
    assert together.verdict(isolates[1]) is Verdict.GUILTY
