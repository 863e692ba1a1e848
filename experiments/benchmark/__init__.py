"""How fast the model is, and how much memory it takes, beside other simulators on one common model.

``python -m experiments.benchmark`` prints it. Needs the extra ``dev``.
"""
