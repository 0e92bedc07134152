"""The code of {{ cookiecutter.project_slug }}: its models and the way to its database."""
