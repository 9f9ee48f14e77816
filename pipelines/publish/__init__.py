"""Publication: a night's rows and the pointer to it, in one transaction."""

from pipelines.publish.publication import PublicationError, previous_night, publish_night

__all__ = ["PublicationError", "previous_night", "publish_night"]
