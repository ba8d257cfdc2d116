"""Settings, one module a concern; every value that may differ between installations comes from the environment."""

from terrafusion.settings.accounts import *  # noqa: F403
from terrafusion.settings.api import *  # noqa: F403
from terrafusion.settings.core import *  # noqa: F403
from terrafusion.settings.database import *  # noqa: F403
from terrafusion.settings.export import *  # noqa: F403
from terrafusion.settings.observability import *  # noqa: F403
from terrafusion.settings.pages import *  # noqa: F403
from terrafusion.settings.queue import *  # noqa: F403
from terrafusion.settings.sign_in import *  # noqa: F403
from terrafusion.settings.storage import *  # noqa: F403
from terrafusion.settings.webhooks import *  # noqa: F403
