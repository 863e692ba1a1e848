"""Mesa's model and agent with a lighter register of agents."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mesa import Agent, Model
from mesa.agent import AgentSet


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the search for cyclic garbage, which takes a sixth of a run and finds nothing.

    Citizens who leave let go of their episodes, so that counting references frees them at once.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class LightModel(Model):
    """A Mesa model whose sets of agents are made when they are asked for.

    Mesa keeps two weak sets beside its register and formats a log line for every agent that comes or goes. Here
    that was a tenth of the time of a run of a queueing model; nothing in a run asks for the sets.
    """

    _agents: dict[Agent, None]

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self.agent_numbers = itertools.count(1)

    def register_agent(self, agent: Agent) -> None:
        """Put an agent on the register (called by Mesa's ``Agent``)."""
        self._agents[agent] = None

    def deregister_agent(self, agent: Agent) -> None:
        """Take an agent off the register (called by ``Agent.remove``)."""
        del self._agents[agent]

    @property
    def agents(self) -> AgentSet:
        """All agents, in the order of joining."""
        return AgentSet(self._agents, random=self.random)

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("Mesa uses the attribute 'agents' itself")

    @property
    def agents_by_type(self) -> dict[type[Agent], AgentSet]:
        """The agents of each type."""
        return {
            kind: AgentSet([a for a in self._agents if type(a) is kind], random=self.random)
            for kind in self.agent_types
        }

    @property
    def agent_types(self) -> list[type]:
        """The types of agents there are."""
        return list(dict.fromkeys(type(agent) for agent in self._agents))


class LightAgent(Agent):
    """A Mesa agent of a :class:`LightModel`: the same attributes, at half the cost of joining and leaving.

    Mesa counts the agents of each model in a class attribute, which keeps every model alive that ever had one.
    """

    pos = None

    def __init__(self, model: LightModel) -> None:
        self.model = model
        self.unique_id = next(model.agent_numbers)
        model._agents[self] = None

    def remove(self) -> None:
        """Leave the model."""
        del self.model._agents[self]
