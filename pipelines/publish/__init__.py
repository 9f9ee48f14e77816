"""Publication: a night's rows and the pointer to it, in one transaction."""

from pipelines.publish.previous import previous_night
from pipelines.publish.publication import PublicationError, publish_night

__all__ = ["PublicationError", "previous_night", "publish_night"]
