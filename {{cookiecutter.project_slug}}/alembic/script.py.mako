<%!
    from re import sub

    def docstring(text):  # escapes what Python would not read as it is
        text = text.replace("\\", "\\\\").replace('"', '\\"')
        return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)

    def statements(operations):  # without the comments that Alembic adds
        return sub(r" *# ###.*\n?", "", operations).strip() or "pass"
%>\
"""${(message or "").strip() or "unnamed change" | docstring}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

# Do not edit a revision that was applied anywhere but on your machine: write a new one.
# Change rows with plain SQL (op.execute) or sa.table(), never with the models: these will change.
# downgrade() reverts upgrade() exactly; the tests run both.
# On servers upgrade() runs twice, first as a dry run: it must have no other side effects.

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
