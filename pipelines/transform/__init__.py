"""dbt, run once per layer inside our own process, and its models compiled for evaluations aside."""

from pipelines.transform.compiled import CompiledModel, CompiledProject, compile_models
from pipelines.transform.dbt import DbtFailed, build_layer, project_manifest, stop_leftovers
from pipelines.transform.formulas import indicator_formulas

__all__ = [
    "CompiledModel",
    "CompiledProject",
    "DbtFailed",
    "build_layer",
    "compile_models",
    "indicator_formulas",
    "project_manifest",
    "stop_leftovers",
]
