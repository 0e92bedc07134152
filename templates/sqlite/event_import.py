import sqlalchemy.event
