"""dbt, run once per layer inside our own process."""

from pipelines.transform.dbt import DbtFailed, build_layer, project_manifest

__all__ = ["DbtFailed", "build_layer", "project_manifest"]
