"""The engine and the `Session` of the application."""

{% include cookiecutter.database ~ '/event_import.py' %}import sqlalchemy.orm

from {{ cookiecutter.__package }}.settings import database_url

engine = sqlalchemy.create_engine(database_url())
Session = sqlalchemy.orm.sessionmaker(engine)
