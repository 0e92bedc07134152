import logging
import os
import warnings
from importlib import import_module
from pathlib import Path

import sqlalchemy
