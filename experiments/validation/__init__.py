"""Why anyone should believe the model: compared with theory, with other simulators and with published models.

``make validation`` computes everything on ``docs/validation.md`` anew; smaller versions of the same comparisons are
tests. Needs the extra ``dev``; not part of an installed package.
"""
