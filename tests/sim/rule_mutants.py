"""Rules with a mistake in their source, which the checks of ``test_rules`` have to refuse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A rule in whose source a text is replaced by another."""

    rule: str
    text: str
    instead: str


MUTANTS = [
    Mutant("wrong_door_chance", "* (1.0 - capability)", "* (1.0 + capability)"),
    Mutant("wrong_door_chance", "min(1.0, base + added)", "(base + added)"),
    Mutant("wrong_door_chance", "base + added", "base - added"),
    Mutant("takes_wrong_door", "wrong_door_chance(base, added, capability))", "wrong_door_chance(added, base, 0.0))"),
    Mutant("severity_at", "onset + growth_per_day", "onset - growth_per_day"),
    Mutant("severity_at", "min(1.0, onset + growth_per_day * days)", "onset + growth_per_day * days"),
    Mutant("severity_at", "growth_per_day * days)", "growth_per_day * days**2)"),
    Mutant("referral_threshold", "min(1.0, threshold + added)", "threshold + added"),
    Mutant("referral_threshold", "min(1.0, threshold + added)", "max(threshold, added)"),
    Mutant("carried_chance", "(capability - 0.5)", "(0.5 - capability)"),
    Mutant("carried_chance", "(capability - 0.5)", "capability"),
    Mutant("transmitted_chance", "1.0 - level * lost", "1.0 + level * lost"),
    Mutant("transmitted_chance", "1.0 - level * lost", "1.0 - lost"),
    Mutant("transfer_mean", "1.0 + level * slower", "1.0 - level * slower"),
    Mutant("transfer_mean", "* records", "/ records if records else 0.0"),
    Mutant("recorded_chance", "max(own, shared)", "min(own, shared)"),
    Mutant("recorded_chance", "max(own, shared)", "(own + shared)"),
    Mutant("recorded_chance", "1.0 - level * unseen", "1.0 - level"),
    Mutant("logit_normal", "-sigma * z", "sigma * z"),
    Mutant("logit_normal", "(1.0 - median) / median", "median / (1.0 - median)"),
    Mutant("lognormal_of_mean", "- 0.5 * sigma * sigma", "+ 0.5 * sigma * sigma"),
    Mutant("lognormal_of_mean", "- 0.5 * sigma * sigma", ""),
    Mutant("crisis_hazard", "severity - 0.5", "0.5 - severity"),
    Mutant("crisis_hazard", "severity - 0.5", "severity"),
    Mutant("crisis_hazard", "severity - 0.5", "2.0 * (severity - 0.5)"),
    Mutant("crisis_hazard", "* missed_ratio", "/ missed_ratio"),
    Mutant("raising_hazard", "days_per_year * severity", "days_per_year"),
    Mutant("raising_hazard", "days_per_year * severity", "days_per_year * (1.0 - severity)"),
    Mutant("vacant_places", "min(places, math.floor(places * share + luck))", "math.floor(places * share + luck)"),
    Mutant("vacant_places", "math.floor(places * share + luck)", "math.floor(places * share)"),
    Mutant("vacant_places", "math.floor(places * share + luck)", "math.ceil(places * share + luck)"),
    Mutant("local_threshold", "level * most * luck", "most * luck"),
    Mutant("local_threshold", "level * most * luck", "level * (most + luck)"),
    Mutant("with_odds", "(1.0 - chance) * odds_ratio", "(1.0 - chance) / odds_ratio if odds_ratio else 0.0"),
    Mutant("with_odds", "if chance <= 0.0 or chance >= 1.0:", "if chance <= 0.1 or chance >= 1.0:"),
    Mutant("with_odds", " if odds < 1.0 else 1.0 / (1.0 + 1.0 / odds)", ""),
    Mutant("attendance_chance", "days / 7.0", "-days / 7.0"),
    Mutant("attendance_chance", "days / 7.0", "days / 30.0"),
    Mutant("attendance_chance", "(capability - 0.5)", "(0.5 - capability)"),
    Mutant("attendance_chance", "+ math.log(odds_help)", "- math.log(odds_help)"),
    Mutant("attendance_chance", "+ math.log(odds_help)", ""),
    Mutant("attends", "attendance_chance(base, odds_week, days,", "attendance_chance(base, odds_week, 0.0,"),
    Mutant("service_days", "- 0.5 * variance", "+ 0.5 * variance"),
    Mutant("service_days", "math.log(1.0 + cv * cv)", "cv * cv"),
    Mutant("service_days", "if kind == FIXED or cv <= 0.0:", "if cv <= 0.0:"),
    Mutant("expected_wait", "taken < places and waiting == 0", "taken <= places and waiting == 0"),
    Mutant("expected_wait", "taken < places and waiting == 0", "taken < places"),
    Mutant("expected_wait", "(waiting + 1)", "waiting"),
    Mutant("expected_wait", "mean / places", "mean"),
    Mutant("next_in_random_order", "* waiting), waiting - 1)", "* (waiting - 1)), waiting - 1)"),
    Mutant("next_in_random_order", "* waiting), waiting - 1)", "* (waiting + 1)), waiting - 1)"),
]
