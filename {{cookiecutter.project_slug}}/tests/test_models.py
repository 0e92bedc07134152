{% include cookiecutter.engine ~ '/test_models.py' -%}
