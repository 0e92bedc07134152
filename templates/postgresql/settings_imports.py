import logging
import os
import re
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path

import sqlalchemy
