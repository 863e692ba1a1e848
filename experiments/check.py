"""``journeys check``: check everything that ``journeys compare`` would use, and run nothing."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.checking import check
from experiments.launching import read, request_of
from experiments.plan import Plan
from sim.scenario import Scenario
from sim.schema.levels import level_text
from sim.schema.tables import Stage

HELP = """\
journeys check: check a scenario and all settings, run nothing

  journeys check                                         the default comparison
  journeys check scenario.folder=my_town                 a folder of your own
  journeys check 'arms=[fragmented,my_arm]' --config-dir my_config

Takes what journeys compare takes. Prints what the place consists of and "ok", or every problem at once (exit status 2).
"""


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys check`` and return the exit status.

    Raises:
        BadInputError: With all problems.
    """
    flags, arguments, complaints = read("check", arguments)
    if flags.help:
        print(HELP, end="")
        return 0
    if flags.cfg or flags.info or flags.hydra_help or flags.shell_completion:
        from experiments.compare import command as compare

        return compare(arguments)
    plans = check(request_of("check", flags), complaints)
    complaints.raise_if_any()
    print("\n\n".join(dict.fromkeys(summary(plan) for plan in plans)))
    print("\nok")
    return 0


def summary(plan: Plan) -> str:
    """Return what a place and its arms consist of."""
    lines = [plan.scenario.title]
    lines += [f"  {name:12} {what}" for name, what in _facts(plan.scenario).items()]
    lines.append("  arms")
    width = max(map(len, plan.arms))
    lines += [f"    {name:{width}}  {title}" for name, title in plan.titles.items()]
    lines += [f"  note: {note}" for note in plan.notes]
    return "\n".join(lines)


def _facts(scenario: Scenario) -> dict[str, str]:
    tables = scenario.tables
    sectors = [provider.sector.value for provider in tables.providers]
    by_sector = ", ".join(f"{sectors.count(sector)} {sector}" for sector in dict.fromkeys(sectors))
    stages = [service.stage.value for service in tables.services]
    by_stage = ", ".join(f"{stages.count(stage)} {stage}" for stage in Stage if stage in stages)
    barriers = ", ".join(f"{name} {level_text(level)}" for name, level in scenario.parameters.barriers)
    facts = {
        "districts": str(len(tables.districts)),
        "providers": f"{len(tables.providers)} ({by_sector})",
        "services": f"{len(stages)} ({by_stage})",
        "needs": f"{len(tables.needs)} kind{'' if len(tables.needs) == 1 else 's'}",
        "citizens": f"{tables.citizens_per_year:,.0f} a year",
        "vignettes": ", ".join(row.label or row.vignette for row in tables.vignettes) or "none",
        "barriers": barriers,
    }
    for kind, names in _shared(scenario).items():
        if names:
            facts[kind] = ", ".join(names)
    facts["budget"] = scenario.parameters.budget.value
    if tables.published:
        facts["published"] = f"{len(tables.published)} figures to compare with"
    return facts


def _shared(scenario: Scenario) -> dict[str, list[str]]:
    """Return the names of hubs, pools and dated initiatives, each once."""
    tables = scenario.tables
    return {
        "hubs": list(dict.fromkeys(row.hub for row in tables.providers if row.hub is not None)),
        "pools": list(dict.fromkeys(row.pool for row in tables.services if row.pool is not None)),
        "initiatives": list(dict.fromkeys(row.label or row.initiative for row in tables.initiatives)),
    }
