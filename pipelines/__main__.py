"""`python -m pipelines` is `cvp`."""

from pipelines.cli import main

main()
