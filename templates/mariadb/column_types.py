        str: sa.String(255),  # a VARCHAR of MariaDB or MySQL needs a length
