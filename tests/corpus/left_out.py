"""The pairs that are left out, each with the reason: the models cannot say what the SQL says."""

NO_TYPE = "a column without a type, which SQLAlchemy does not create"
ANY = "STRICT is not reflected, and ANY is read as NUMERIC"
GENERATED = "SQLAlchemy does not reflect the expression without GENERATED ALWAYS"
CASE = "a foreign key that names a table in another case is reflected as one to another table"

NOT_EXPRESSIBLE = {
    "sqlite-tests-BlobType": NO_TYPE,
    "sqlite-tests-StrictTableWithAnyType": ANY,
    "sqlite-tests-AddColumnToStrictTable": ANY,
    "sqlite-tests-StrictWithoutRowidAndAnyType": ANY,
    "sqlite-tests-GeneratedColumnNoKeyword": GENERATED,
    "sqlite-tests-GeneratedColumnVirtualExplicit": GENERATED,
    "sqlite-tests-GeneratedColumnStored": GENERATED,
    "sqlite-tests-GeneratedColumnNoKeywordEquivalentToVirtual": GENERATED,
    "sqlite-preserve_quotes-ForeignKeyDependencyOrderingCaseMismatch": CASE,
}
