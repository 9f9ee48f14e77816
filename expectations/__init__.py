"""What may come in and what may go out: the rules of the two gates, one module per dataset.

`README.md` tables every rule; `pipelines.validate` runs them as Great Expectations checkpoints.
"""
