    file = PROJECT / "{{ cookiecutter.project_slug }}.db"
    return sqlalchemy.URL.create("sqlite", database=str(file))
