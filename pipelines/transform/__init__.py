"""dbt, run once per layer inside our own process."""

from pipelines.transform.dbt import DbtFailed, build_layer, project_manifest, stop_leftovers

__all__ = ["DbtFailed", "build_layer", "project_manifest", "stop_leftovers"]
