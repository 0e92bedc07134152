"""The engine and the `Session` of the application."""

{% include cookiecutter.database ~ '/event_import.py' %}import sqlalchemy.ext.asyncio

from {{ cookiecutter.__package }}.settings import database_url

engine = sqlalchemy.ext.asyncio.create_async_engine(database_url())
# Without expire_on_commit=False, reading an attribute after a commit would need an await.
Session = sqlalchemy.ext.asyncio.async_sessionmaker(engine, expire_on_commit=False)
