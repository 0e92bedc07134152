        str: sa.String(255),  # VARCHAR needs a length on MariaDB and MySQL
