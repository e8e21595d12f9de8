"""A read-only, cached view of one atlas, in the words that pages need."""

from __future__ import annotations

from dashboard.models import Models
from dashboard.sites import Sites


class AtlasData(Models, Sites):
    """One atlas: its arrays (`Stored`), elements, atoms and crystals (`Sites`), and models (`Models`)."""
