import logging
import os
import ssl
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy.event
