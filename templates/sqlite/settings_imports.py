import os
from pathlib import Path

import sqlalchemy
