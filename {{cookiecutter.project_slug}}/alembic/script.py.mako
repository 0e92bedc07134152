<%!
    from re import sub

    def docstring(text):  # reads as the text, whatever is in it
        text = text.replace("\\", "\\\\").replace('"', '\\"')
        return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)

    def statements(operations):  # without the comments that Alembic puts around them
        return sub(r" *# ###.*\n?", "", operations).strip() or "pass"
%>\
"""${(message or "").strip() or "a change without a name" | docstring}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

# Once this has run anywhere but on your machine, it is history: write a new revision instead.
# Change rows with plain SQL (op.execute) or sa.table(), never with the models: they move on.
# downgrade() undoes upgrade() exactly; the tests run both.

import sqlalchemy as sa
from alembic import op
${imports or ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades or "" | statements}


def downgrade() -> None:
    ${downgrades or "" | statements}
