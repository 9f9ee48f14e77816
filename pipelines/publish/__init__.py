"""Publication: a night's rows and the pointer to it, in one transaction."""

from pipelines.publish.previous import copy_night, previous_night
from pipelines.publish.publication import PublicationError, publish_night

__all__ = ["copy_night", "PublicationError", "previous_night", "publish_night"]
