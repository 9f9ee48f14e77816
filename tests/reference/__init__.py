"""An independent reading of the method, in plain Python: what the SQL models are compared with, value by value.

Nobody who writes here looks at `dbt_project/`, and nothing here is imported by the pipeline. Money, quantities and
tiers are `Fraction`s (exact); floats begin with the points. It is written to be compared with the text of the method,
not to be fast: a company of some hundred customers takes a second.

Reading order: `parameters`, `staging` (rows that exist for a night, in reporting currency), `facts` (terms),
`current_value` and `potential_value` (the thirty indicators), `calibration`, `scoring`, `tiers`, `churn`, `reasons`,
`night` (all of it for one date). `companies` makes small nasty companies to compare on.
"""
