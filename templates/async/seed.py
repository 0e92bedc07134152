import asyncio

from sqlalchemy import select

from {{ cookiecutter.__package }}.database import Session, engine
from {{ cookiecutter.__package }}.models.user import User


async def seed() -> None:
    try:
        async with Session() as session, session.begin():
            if not await session.scalar(select(User).filter_by(email="ada@example.com")):
                session.add(User(email="ada@example.com"))
    finally:
        await engine.dispose()


asyncio.run(seed())
