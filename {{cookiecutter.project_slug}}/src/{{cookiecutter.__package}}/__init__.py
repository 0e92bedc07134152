"""The models of {{ cookiecutter.project_slug }}, and its database connection."""
