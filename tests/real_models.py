"""Released projects, as data: what the template must be able to write revisions for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What the projects depend on is as old as that: each run takes the same versions.
RELEASED_BEFORE = "2026-11-24"


@dataclass(frozen=True)
class Real:
    """A released project, and how to get at its models."""

    name: str
    requirements: tuple[str, ...]
    models: str  # Python that leaves the MetaData of the project in `metadata`
    #: Databases that the models themselves are not made for, and what create_all() says there.
    refused_by: Mapping[str, str] = field(default_factory=dict)


REAL = [
    Real(
        name="optuna",
        requirements=("optuna==5.0.0",),
        models="from optuna.storages._rdb.models import BaseModel\nmetadata = BaseModel.metadata",
    ),
    Real(
        name="celery",
        requirements=("celery[sqlalchemy]==5.7.0",),
        models="""
import celery.backends.database.models
from celery.backends.database.session import ResultModelBase
metadata = ResultModelBase.metadata
""",
    ),
    Real(
        name="jupyterhub",
        requirements=("jupyterhub==6.1.1",),
        models="from jupyterhub.orm import Base\nmetadata = Base.metadata",
    ),
    Real(
        name="buildbot",
        requirements=("buildbot==4.3.0",),
        models="from buildbot.db.model import Model\nmetadata = Model.metadata",
    ),
    Real(
        name="mlflow",
        requirements=("mlflow-skinny==3.17.2",),
        models="""
import mlflow.store.model_registry.dbmodels.models
import mlflow.store.tracking.dbmodels.models
import mlflow.store.workspace.dbmodels.models
from mlflow.store.db.base_sql_model import Base
metadata = Base.metadata
# No database makes these: one has an index without columns, and one refers to what is not unique.
for name in ("trace_tags", "trace_request_metadata", "input_tags"):
    metadata.remove(metadata.tables[name])
""",
    ),
    Real(
        name="keystone",
        requirements=("keystone==30.0.0",),
        models="""
from importlib import import_module
from pathlib import Path
import keystone
from keystone.common import sql
here = Path(keystone.__file__).parent
for path in sorted(here.rglob("*backends/sql*.py")):
    import_module(".".join(("keystone", *path.relative_to(here).with_suffix("").parts)))
metadata = sql.ModelBase.metadata
""",
    ),
    Real(
        name="galaxy",
        requirements=("galaxy-data==26.1.2",),
        models="from galaxy.model import mapper_registry\nmetadata = mapper_registry.metadata",
        refused_by={"mariadb": "VARCHAR requires a length"},
    ),
    Real(
        name="aiida",
        requirements=("aiida-core==2.9.4",),
        models="""
from importlib import import_module
from pkgutil import iter_modules
from aiida.storage.psql_dos import models
from aiida.storage.psql_dos.models.base import Base
for module in iter_modules(models.__path__):
    import_module(f"{models.__name__}.{module.name}")
metadata = Base.metadata
""",
        refused_by={"mariadb": "can't render element of type JSONB"},
    ),
    Real(
        name="dagster",
        requirements=("dagster==1.13.29",),
        models="""
from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata as metadata
from dagster._core.storage.runs.schema import RunStorageSqlMetadata
from dagster._core.storage.schedules.schema import ScheduleStorageSqlMetadata
for part in (RunStorageSqlMetadata, ScheduleStorageSqlMetadata):
    for table in part.sorted_tables:
        if table.name not in metadata.tables:
            table.to_metadata(metadata)
""",
    ),
    Real(
        name="heat",
        requirements=("openstack-heat==27.0.1",),
        models="from heat.db.models import BASE\nmetadata = BASE.metadata",
    ),
    Real(
        name="octavia",  # columns of primary keys that are said to be nullable
        requirements=("octavia==19.0.0",),
        models="""
from octavia.db import models
from octavia.db.base_models import BASE
metadata = BASE.metadata
""",
    ),
    Real(
        name="neutron",  # the largest: 117 tables
        requirements=("neutron==29.0.0",),
        models="""
from neutron.db.migration.models import head
metadata = head.get_metadata()
""",
    ),
    Real(
        name="mailman",
        requirements=("mailman==3.3.10",),
        models="""
from importlib import import_module
from pkgutil import iter_modules
import mailman.model
from mailman.database.model import Model
for module in iter_modules(mailman.model.__path__):
    if module.name not in ("docs", "tests"):
        import_module(f"mailman.model.{module.name}")
metadata = Model.metadata
""",
    ),
    Real(
        name="airflow",
        requirements=("apache-airflow-core==3.3.2",),
        models="""
from airflow.models import import_all_models
from airflow.models.base import Base
from sqlalchemy import MetaData
import_all_models()
# Apart from the classes: a relationship of theirs needs a column that has no foreign key.
metadata = MetaData(naming_convention=Base.metadata.naming_convention)
for table in Base.metadata.sorted_tables:
    table.to_metadata(metadata)
""",
        refused_by={"mariadb": "Specified key was too long"},
    ),
    Real(
        name="placement",
        requirements=("openstack-placement==16.0.0",),
        models="from placement.db.sqlalchemy.models import BASE\nmetadata = BASE.metadata",
    ),
    Real(
        name="ironic",
        requirements=("ironic==39.0.0",),
        models="from ironic.db.sqlalchemy.models import Base\nmetadata = Base.metadata",
    ),
    Real(
        name="flask-appbuilder",
        requirements=("flask-appbuilder==5.3.0",),
        models="""
import flask_appbuilder.security.sqla.models
from flask_appbuilder import Model
metadata = Model.metadata
""",
    ),
    Real(
        name="privacyidea",
        requirements=("privacyidea==3.14",),
        models="from privacyidea.models import db\nmetadata = db.metadata",
    ),
    Real(
        name="diracx",
        requirements=("diracx-db==0.7.0",),
        models="""
from diracx.db.sql.job.schema import JobDBBase
metadata = JobDBBase.metadata
""",
    ),
    Real(
        name="redun",
        requirements=("redun==0.44.1",),
        models="from redun.backends.db import Base\nmetadata = Base.metadata",
        refused_by={"mariadb": "VARCHAR requires a length"},
    ),
]
