{% include cookiecutter.engine ~ '/conftest.py' -%}
