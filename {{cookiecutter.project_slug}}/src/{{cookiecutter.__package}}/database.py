{% include cookiecutter.engine ~ '/database.py' -%}
{% include cookiecutter.database ~ '/connection_events.py' -%}
