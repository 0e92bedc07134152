from sqlalchemy import select

from {{ cookiecutter.__package }}.database import Session
from {{ cookiecutter.__package }}.models.user import User

with Session() as session, session.begin():
    if not session.scalar(select(User).filter_by(email="ada@example.com")):
        session.add(User(email="ada@example.com"))
