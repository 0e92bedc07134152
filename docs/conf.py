"""How Sphinx builds this folder into a site: `make docs`."""

project = "cookiecutter-sqlalchemy"
html_title = project
extensions = ["myst_parser"]
myst_heading_anchors = 3  # other pages may refer to a heading
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
